drop trigger keep_kind on toolcrib.users;
drop function toolcrib.keep_kind();

drop trigger keep_an_admin_delete on toolcrib.users;
drop trigger keep_an_admin_update on toolcrib.users;
drop function toolcrib.keep_an_admin();
drop function toolcrib.find_circle(text, text, text, uuid[]);

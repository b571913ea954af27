drop function toolcrib.refuse_change();

drop function toolcrib.find_abandoned_exports();

drop table toolcrib.exports;

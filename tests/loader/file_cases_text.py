"""Fixtures of delimited text."""

import codecs

from tests.loader.file_cases import text_case

READ_AS_1252 = "The file is not UTF-8 and was read as Windows-1252"

text_case("utf-8.csv", "UTF-8 without a mark", "id,name\n1,Ação €\n", "B2 'Ação €'")
text_case("utf-8-with-mark.csv", "UTF-8 with a byte-order mark", b"\xef\xbb\xbfid,name\n1,caf\xc3\xa9\n", "B2 'café'")
text_case(
    "utf-16-little-endian.csv",
    'UTF-16 LE with a mark, as Excel\'s "Unicode text"',
    codecs.BOM_UTF16_LE + "id\tname\r\n1\tcafé\r\n".encode("utf-16-le"),
    "B2 'café'",
)
text_case(
    "utf-16-big-endian.csv",
    "UTF-16 BE with a mark",
    codecs.BOM_UTF16_BE + "id,name\n1,café\n".encode("utf-16-be"),
    "B2 'café'",
)
text_case("utf-16-without-mark.csv", "UTF-16 LE without a mark", "id,name\n1,café\n".encode("utf-16-le"), "B2 'café'")
text_case(
    "windows-1252.csv",
    "Windows-1252, with curly quotes and a euro sign",
    "id;name\r\n1;“Ação” é 5 €\r\n2;Jo\u00e3o\u2019s na\u00efve \u0153uvre\r\n".encode("cp1252"),
    "B2 '“Ação” é 5 €'; B3 'Jo\u00e3o\u2019s na\u00efve \u0153uvre'",
    notice=READ_AS_1252,
)
text_case(
    "latin-1.csv",
    "Latin-1",
    "id;name\n1;Señor Müller, ça và ¿no?\n".encode("latin-1"),
    "B2 'Señor Müller, ça và ¿no?'",
    notice=READ_AS_1252,
)
text_case(
    "mac-roman.csv",
    "Mac Roman: named, not guessed",
    "id;name\n1;João não é à toa\n".encode("mac_roman"),
    "unreadable_file: The file is not UTF-8 text (the first place is in line 2). Read as Windows-1252, it would hold "
    '"Jo\u2039o", "n\u2039o", "Ž", "\u02c6"; it may be Mac Roman (mac_roman: João, não, é, à). Save it as UTF-8, or '
    "name its encoding with --encoding.",
)
text_case(
    "windows-1250.csv",
    "Windows-1250 (Polish): named, not guessed",
    "id;name\n1;Łódź\n2;zażółć gęślą jaźń\n".encode("cp1250"),
    "unreadable_file: The file is not UTF-8 text (the first place is in line 2). Read as Windows-1252, it would hold "
    '"£ódŸ", "za¿ó³æ", "gêœl¹", "jaŸñ"; it may be Windows-1250, Central European (cp1250: Łódź, zażółć, gęślą, jaźń). '
    "Save it as UTF-8, or name its encoding with --encoding.",
)
text_case(
    "one-broken-byte.csv",
    "UTF-8 with one stray byte",
    "id,name\n1,café\n2,ação\n3,".encode() + b"na\xefve\n",
    "unreadable_file: Line 4 holds bytes that are not UTF-8 text. Save the file as UTF-8, or name its encoding "
    "with --encoding.",
)
text_case(
    "nul-characters.csv",
    "NUL characters",
    b"id,name\n1,a\n2,\x00\x00\n",
    "unreadable_file: Line 3 holds a NUL character, which no spreadsheet writes into text: the file is damaged, "
    "or it is not a text file. Export it again, as CSV or XLSX.",
)
text_case("empty.csv", "nothing at all", b"", "empty_file: The file is empty.")
text_case("blank-lines-only.csv", "nothing but line ends", b"\r\n\r\n", "empty_file: The file is empty.")

text_case(
    "semicolons.csv", "semicolons, and commas in numbers", "id;amount\n1;1.234,56\n2;7,5\n", "B2 '1.234,56'; B3 '7,5'"
)
text_case("tabs.tsv", "tabs", "id\tname\n1\ta, b; c\n", "B2 'a, b; c'")
text_case("pipes.txt", "pipes", "id|name\n1|a,b\n", "B2 'a,b'")
text_case("separator-line.csv", "a first line `sep=;`, which is no row", "sep=;\r\nid;name\r\n1;a,b\r\n", "B2 'a,b'")
text_case("line-ends-cr.csv", "CR alone ends lines, as old Macs wrote", "id,name\r1,a\r2,b\r", "B2 'a'; B3 'b'")
text_case("line-ends-mixed.csv", "CRLF and LF mixed, none at the end", "id,name\r\n1,a\n2,b", "B2 'a'; B3 'b'")
text_case(
    "quoted-line-breaks.csv",
    "line breaks, delimiters and doubled quotation marks inside quotes",
    'id,text\n1,"two\r\nlines"\n2,"a ""word"", and more"\n',
    """B2 'two\\r\\nlines'; B3 'a "word", and more'""",
)
text_case(
    "quotation-mark-inside.csv", "a quotation mark inside an unquoted cell", 'id,text\n1,5" pipe\n', """B2 '5" pipe'"""
)
text_case(
    "quotation-mark-never-closed.csv",
    "a quotation mark that is never closed",
    'id,text\n1,a\n2,"b\n3,c\n',
    "unreadable_file: A quotation mark opened in the record that begins in line 3 is never closed. Close it, or "
    'write a quotation mark inside a quoted cell twice ("").',
)
text_case(
    "quotation-mark-too-early.csv",
    "text after a closing quotation mark",
    'id,text\n1,"a"b\n',
    "unreadable_file: The quoting of the record that begins in line 2 is broken: after a closing quotation mark "
    'something other than the delimiter follows. Write a quotation mark inside a quoted cell twice ("").',
)
text_case(
    "ragged-rows.csv",
    "a row too short and one too long",
    "id,name,code\n1,a\n2,b,c\n3,d,e,f\n",
    "B3 'b'; C3 'c'; ragged_row at row 2; ragged_row at row 4",
)
text_case("blank-lines.csv", "blank lines count as rows", "\nid,name\n\n1,a\n,\n2,b\n", "B4 'a'; B6 'b'")
text_case(
    "text-stays-text.csv",
    "text that other programs take for something else",
    "id,code\n1,007\n2,NA\n3,null\n4,None\n5,1e5\n6,TRUE\n7,=1+1\n8,2026-03-04\n",
    "B2 '007'; B3 'NA'; B4 'null'; B5 'None'; B6 '1e5'; B7 'TRUE'; B8 '=1+1'; B9 '2026-03-04'",
)
text_case(
    "outer-spaces.csv", "spaces around and inside cells are kept", "id,text\n1,  a  \n2, \n", "B2 '  a  '; B3 ' '"
)
text_case(
    "header-without-name.csv", "an empty header over data", "id,,name\n1,x,a\n", "C2 'a'; data without header in B"
)
text_case("header-without-name-or-data.csv", "an empty header over nothing", "id,,name\n1,,a\n", "C2 'a'")

"""LibreOffice as people use it, without a window: open, sort, filter, pad, save.

It is driven by a macro in a profile of the tests' own, since the bridge to Python isn't everywhere.
"""

import os
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
KINDS = {".xlsx": "Calc MS Excel 2007 XML", ".csv": "Text - txt - csv (StarCalc)"}
_MACRO = """
Sub Saved()
  On Error Goto Bad
  options = Environ("OFFICE_OPTIONS")
  place = CInt(Environ("OFFICE_SORT"))
  wanted = Environ("OFFICE_WANTED")
  Dim args(2) As New com.sun.star.beans.PropertyValue
  args(0).Name = "Hidden"
  args(0).Value = True
  args(1).Name = "FilterOptions"
  args(1).Value = options
  args(2).Name = "FilterName"
  args(2).Value = Environ("OFFICE_KIND")
  doc = StarDesktop.loadComponentFromURL(Environ("OFFICE_SOURCE"), "_blank", 0, args())
  cells = doc.Sheets.getByIndex(0).getCellRangeByName(Environ("OFFICE_AREA"))
  If place >= 0 Then
    Dim fields(0) As New com.sun.star.table.TableSortField
    fields(0).Field = place
    fields(0).IsAscending = False
    Dim how(1) As New com.sun.star.beans.PropertyValue
    how(0).Name = "SortFields"
    how(0).Value = fields()
    how(1).Name = "ContainsHeader"
    how(1).Value = True
    cells.sort(how())
  End If
  If wanted <> "" Then
    Dim one(0) As New com.sun.star.sheet.TableFilterField
    one(0).Field = 1
    one(0).Operator = com.sun.star.sheet.FilterOperator.EQUAL
    one(0).IsNumeric = False
    one(0).StringValue = wanted
    rule = cells.createFilterDescriptor(True)
    rule.ContainsHeader = True
    rule.setFilterFields(one())
    cells.filter(rule)
  End If
  Dim out(1) As New com.sun.star.beans.PropertyValue
  out(0).Name = "FilterName"
  out(0).Value = Environ("OFFICE_KIND")
  out(1).Name = "FilterOptions"
  out(1).Value = options
  doc.storeToURL(Environ("OFFICE_TARGET"), out())
Bad:
  doc.close(True)
End Sub
"""
_MODULE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<script:module xmlns:script="http://openoffice.org/2000/script" '
    'script:name="Module1" script:language="StarBasic">{}</script:module>'
)


def _start(profile: Path, *arguments: str, **wishes: str) -> str:
    command = [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", *arguments]
    environment = {**os.environ, **{f"OFFICE_{name.upper()}": value for name, value in wishes.items()}}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment).stderr


def _with_macro(profile: Path) -> Path:
    """Have LibreOffice make its profile, with an empty module, and put ours in its place."""
    module = profile / "user" / "basic" / "Standard" / "Module1.xba"
    if not module.exists():
        said = _start(profile, "--terminate_after_init")
        assert module.exists(), said
        module.write_text(_MODULE.format(escape(_MACRO)))
    return profile


def saved(path: Path, profile: Path, *, area: str, sort_by: int = -1, wanted: str = "") -> None:
    """Open a file, sort an area downwards by one of its columns, filter it by its second one, and save it in place."""
    options = "44,34,76,1" if path.suffix == ".csv" else ""
    target = path.with_name(f"saved{path.suffix}")
    said = _start(
        _with_macro(profile),
        "macro:///Standard.Module1.Saved",
        source=path.as_uri(),
        target=target.as_uri(),
        kind=KINDS[path.suffix],
        options=options,
        area=area,
        sort=str(sort_by),
        wanted=wanted,
    )
    assert target.exists(), said
    target.replace(path)

"""What messages that are written for the command line say on the page: what to do there, by the names of its screens.

In:  any message.
Out: the message as the page says it, with messages within it. A test holds that no other text of the program that can
     come to the page has an option or a command in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from schemas.message import Message, Value, count_message, message

PLACES: Mapping[str, Value] = {
    "at_connect": message("Connect"),
    "at_file": message("File"),
    "at_columns": message("Columns"),
    "at_problems": message("Problems"),
    "at_result": message("Result"),
    "at_history": message("History"),
}
"""Screens, by the fields that stand for them here."""


def on_page(text: Message) -> Message:
    """Return a message as the page says it."""
    values = {name: on_page(one) if isinstance(one, Message) else one for name, one in text.values.items()}
    found = ON_PAGE.get(text.template)
    if found is None:
        return replace(text, values=values)
    return replace(found, values={**PLACES, **values})


ON_PAGE: Mapping[str, Message] = {
    # the account and its token
    (
        "The portal does not accept the token: it is wrong, was rotated or has expired (an OAuth "
        "access token lives 30 minutes). Set HUBSPOT_ACCESS_TOKEN to one that works, or keep one with "
        "`import-tickets login`."
    ): message(
        "The portal does not accept the token: it is wrong, was rotated or has expired (an OAuth access token lives "
        '30 minutes). Copy one that works in HubSpot, and connect with it on "{at_connect}".'
    ),
    (
        "There is no token. Set HUBSPOT_ACCESS_TOKEN to a service key or a private app's token with "
        "the scope `tickets`, keep one with `import-tickets login`, or try the embedded portal with "
        "--sandbox."
    ): message('There is no token. Give one on "{at_connect}", or practise there without an account.'),
    (
        "HUBSPOT_ACCESS_TOKEN holds a character that no token has (number {place} of {length}). Copy the token again."
    ): message("The token holds a character that no token has (number {place} of {length}). Copy it again."),
    (
        "Copy it again into HUBSPOT_ACCESS_TOKEN, or log in again with `import-tickets login`. It is "
        "found under: {place}."
    ): message('Copy it again, and connect with it on "{at_connect}". It is found under: {place}.'),
    'The keyring no longer has a token for the portal "{name}". Run `import-tickets login {name}`.': message(
        'The keyring no longer has a token for the portal "{name}". Connect with its token on "{at_connect}", and '
        "keep it under that name again."
    ),
    'There is no portal "{name}" on this machine. Run `import-tickets login {name}`.': message(
        'There is no portal "{name}" on this machine. Connect with its token on "{at_connect}", and keep it under '
        "that name."
    ),
    (
        "This system has no keyring to keep a token in. Put the token into the environment variable "
        "HUBSPOT_ACCESS_TOKEN instead, or install one (on Linux: gnome-keyring or KWallet)."
    ): message(
        "This system has no keyring to keep a token in. Connect without a name, or install one (on Linux: "
        "gnome-keyring or KWallet)."
    ),
    (
        "The system's keyring did not do what it was asked ({reason}). Unlock it and run again, or put "
        "the token into HUBSPOT_ACCESS_TOKEN."
    ): message(
        "The system's keyring did not do what it was asked ({reason}). Unlock it and try again, or connect without a "
        "name."
    ),
    (
        "The run was made in portal {began}, and HUBSPOT_ACCESS_TOKEN opens portal {now}. Set it to a "
        "token of the first."
    ): message(
        "The run was made in portal {began}, and the page is connected to portal {now}. Connect to the first on "
        '"{at_connect}".'
    ),
    (
        "The run was made in another portal: its owners and properties are not those of the one that "
        "HUBSPOT_ACCESS_TOKEN opens. Set it to a token of the first."
    ): message(
        "The run was made in another portal: its owners and properties are not those of the one that the page is "
        'connected to. Connect to the first on "{at_connect}".'
    ),
    # the portal's limits, and what goes on later
    (
        "They come back at midnight in the portal's time zone; until then a run would stop, since "
        "{reserve} % are left to others (--daily-reserve)."
    ): message(
        "They come back at midnight in the portal's time zone; until then a run would stop, since {reserve} % are "
        "left to others."
    ),
    (
        "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for "
        "other integrations (--daily-reserve): the run would stop after about {free} requests; "
        "`import-tickets resume` continues it."
    ): message(
        "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for other "
        "integrations: the run would stop after about {free} requests, and can be continued tomorrow on "
        '"{at_history}".'
    ),
    (
        "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for "
        "other integrations (--daily-reserve). They are reset at {time}; go on then with "
        "`import-tickets resume`, or run the file again where nothing was sent."
    ): message(
        "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for other "
        'integrations. They are reset at {time}; continue then on "{at_history}", or check the file again where '
        "nothing was sent."
    ),
    (
        "The portal's daily API calls are used up. They are reset at {time}; go on then with "
        "`import-tickets resume`, or run the file again where nothing was sent."
    ): message(
        'The portal\'s daily API calls are used up. They are reset at {time}; continue then on "{at_history}", or '
        "check the file again where nothing was sent."
    ),
    (
        "The portal asks to try again at {time}; it may be moving between data centres. Go on then "
        "with `import-tickets resume`, or run the file again where nothing was sent."
    ): message(
        "The portal asks to try again at {time}; it may be moving between data centres. Continue then on "
        '"{at_history}", or check the file again where nothing was sent.'
    ),
    (
        "The portal refused all of the first {count} rows for one reason: {text}. The others are not "
        "sent. Fix the cause, then continue with `import-tickets resume`."
    ): message(
        "The portal refused all of the first {count} rows for one reason: {text}. The others are not sent. Fix the "
        'cause, then continue this run on "{at_history}".'
    ),
    (
        "The portal failed to answer {count} batches in a row, so it seems to be down. Continue later "
        "with `import-tickets resume`."
    ): message(
        "The portal failed to answer {count} batches in a row, so it seems to be down. Continue this run later on "
        '"{at_history}".'
    ),
    (
        "{count} row was refused, the limit set by --max-failures: the rest is not sent. The messages "
        "say what is wrong; `import-tickets resume` sends the rest."
    ): count_message(
        "{count} row was refused, the limit that your settings allow (max-failures): the rest is not sent. The "
        'messages say what is wrong; the rest can be continued on "{at_history}".',
        "{count} rows were refused, the limit that your settings allow (max-failures): the rest is not sent. The "
        'messages say what is wrong; the rest can be continued on "{at_history}".',
        0,
    ),
    'ticket "{key}" could not be read back; `import-tickets resume` tries again. {reason}': message(
        'ticket "{key}" could not be read back; continuing the run tries again. {reason}'
    ),
    (
        "it may have been sent, and the run stopped before its outcome was noted; `import-tickets resume` finds out"
    ): message("it may have been sent, and the run stopped before its outcome was noted; continuing the run finds out"),
    (
        "the portal could not be reached or did not answer as it should ({problem}{mark}); "
        "`import-tickets resume` tries again"
    ): message(
        "the portal could not be reached or did not answer as it should ({problem}{mark}); continuing the run tries "
        "again"
    ),
    ("An earlier run on this file, {run}, did not finish; `{command}` would. This run goes ahead on its own."): message(
        'An earlier run on this file, {run}, did not finish; "{at_history}" has the button to continue it. This run '
        "goes ahead on its own."
    ),
    (
        "Run {undo}, which undoes run {run}, did not finish; `{command}` would. This undo goes ahead on its own."
    ): message(
        'Run {undo}, which undoes run {run}, did not finish; "{at_history}" has the button to continue it. This undo '
        "goes ahead on its own."
    ),
    (
        "The journal {path} is damaged: {reason}. Nothing was sent from it. Make a new run from the "
        "spreadsheet instead; `import-tickets runs purge` removes old journals."
    ): message(
        "The journal {path} is damaged: {reason}. Nothing was sent from it. Choose the spreadsheet again instead."
    ),
    (
        "The journal {path} cannot be written or read ({reason}), so the run stopped. Rows may have "
        "been sent: free some disk space, then `import-tickets resume {run}` checks what happened to "
        "them, and sends the rest."
    ): message(
        "The journal {path} cannot be written or read ({reason}), so the run stopped. Rows may have been sent: free "
        'some disk space, then continue run {run} on "{at_history}"; that checks what happened to them, and sends '
        "the rest."
    ),
    "Make room, or remove old runs with `import-tickets runs purge --older-than 90d`.": message(
        "Make room on the disk."
    ),
    (
        "This is a bug in import-tickets, not a problem with your file. Please report it with {path}. "
        "`import-tickets runs` shows whether something was sent, and how to continue."
    ): message(
        'This is a bug in import-tickets, not a problem with your file. Please report it with {path}. "{at_history}" '
        "shows whether something was sent, and how to continue."
    ),
    'There is no run "{run}" on this machine; `import-tickets runs` lists those kept.': message(
        'There is no run "{run}" on this machine; "{at_history}" lists those kept.'
    ),
    (
        "There is no run to undo: every run on this machine that changed something is already undone, "
        "or was made with --no-diff."
    ): message(
        "There is no run to undo: every run on this machine that changed something is already undone, or was made "
        "without reading the values before."
    ),
    "Run {run} was made with --no-diff: the values before are not known, so it cannot be undone.": message(
        "Run {run} was made without reading the values before, so it cannot be undone."
    ),
    # sheets and columns
    "Several sheets have a column that identifies tickets: {sheets}. Choose one with --sheet.": message(
        'Several sheets have a column that names the tickets: {sheets}. Choose the sheet on "{at_columns}".'
    ),
    (
        "No visible sheet ({sheets}) has a column that identifies tickets in its first row with data. "
        'Give one of them a column "Record ID", or a column of a unique property, or choose a hidden '
        "sheet with --sheet."
    ): message(
        "No visible sheet ({sheets}) has a column that names the tickets in its first row with data. Give one of "
        'them a column "Record ID", or a column of a unique property, or choose another sheet on "{at_columns}".'
    ),
    "The file is delimited text and has no sheets. Leave out --sheet {sheet}.": message(
        "The file is delimited text and has no sheets, and the settings name one (sheet = {sheet}). Take it out of "
        "the settings."
    ),
    (
        "The header only fits where it is cut at another delimiter: {delimiter}. Name it with "
        '--delimiter "{delimiter}".'
    ): message(
        "The header only fits where it is cut at another delimiter: {delimiter}. Save the file as XLSX, or with that "
        "delimiter, and choose it again."
    ),
    (
        'Several properties have the label "{header}": {names}. Name one of them in the header, or '
        'with --map "{header}=NAME".'
    ): message('Several properties have the label "{header}": {names}. Choose one on "{at_columns}".'),
    (
        'Two columns are for the record ID: "{first}" ({cell}) and this one. Leave one of them out '
        "with --skip-column, or delete it."
    ): message(
        'Two columns are for the record ID: "{first}" ({cell}) and this one. Leave one of them out on '
        '"{at_columns}", or change it there.'
    ),
    (
        'Two columns are for {name}: "{first}" ({cell}) and this one. Leave one of them out with '
        "--skip-column, or delete it."
    ): message(
        'Two columns are for {name}: "{first}" ({cell}) and this one. Leave one of them out on "{at_columns}", or '
        "change it there."
    ),
    "Several columns could identify the tickets: {names}. Choose one with --id-property.": message(
        'Several columns could name the tickets: {names}. Choose one on "{at_columns}".'
    ),
    (
        "No column identifies the tickets. Row {row} is read as the header, because it is the first "
        "row that is not empty: delete everything above the real header, if this isn't it. Otherwise "
        'add a column "Record ID" with the ID of each ticket, or a column of a unique '
        'property{others}; or say which column it is with --map "HEADER=id".'
    ): message(
        "No column names the tickets. Row {row} is read as the header, because it is the first row that is not "
        "empty: delete everything above the real header, if this isn't it. Otherwise choose the column that has the "
        'record ID on "{at_columns}", or add one, or a column of a unique property{others}, to the spreadsheet.'
    ),
    (
        'No column identifies the tickets. Add a column "Record ID" with the ID of each ticket, or a '
        'column of a unique property{others}; or say which column it is with --map "HEADER=id".'
    ): message(
        'No column names the tickets. Choose the column that has the record ID on "{at_columns}", or add one, or a '
        "column of a unique property{others}, to the spreadsheet."
    ),
    (
        "No column holds {name}, which --id-property names. Add it, or say which column it is with "
        '--map "HEADER={name}".'
    ): message('No column holds {name}, which was to name the tickets. Choose its column on "{at_columns}".'),
    (
        'The portal has no ticket property "{name}". Did you mean {suggestions}? Rename the column, '
        'map it with --map "HEADER=PROPERTY", or leave it out with --skip-column or --skip-unknown.'
    ): message(
        'The portal has no ticket property "{name}". Did you mean {suggestions}? Choose a property on '
        '"{at_columns}", or leave the column out there.'
    ),
    (
        'The portal has no ticket property "{name}". Rename the column, map it with --map '
        '"HEADER=PROPERTY", or leave it out with --skip-column or --skip-unknown.'
    ): message(
        'The portal has no ticket property "{name}". Choose a property on "{at_columns}", or leave the column out '
        "there."
    ),
    (
        'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not '
        "as documented. So its values can't be checked. Leave the column out with --skip-column, or "
        "delete it."
    ): message(
        'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not as documented. '
        'So its values can\'t be checked. Leave the column out on "{at_columns}".'
    ),
    (
        'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not '
        "as documented. Leave it out of --properties."
    ): message(
        'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not as documented. '
        "Leave it out of the columns."
    ),
    (
        'The property "{label}" ({name}) cannot be written: the portal fills it itself. Leave the '
        "column out with --skip-column or --skip-read-only, or delete it."
    ): message(
        'The property "{label}" ({name}) cannot be written: the portal fills it itself. Leave the column out on '
        '"{at_columns}", or choose another property there.'
    ),
    "A template needs a property besides the record ID; name some with --properties.": message(
        "The sheet needs a column besides the record ID; choose some."
    ),
    'There is no property "{name}"; `import-tickets schema show` lists them.': message(
        'There is no property "{name}".'
    ),
    'No column is called "{header}", which --policy names.': message(
        'No column is called "{header}", which the settings name (columns.policy).'
    ),
    '--policy names a column "{header}", which doesn\'t exist; did you mean {near}?': message(
        'The settings (columns.policy) name a column "{header}", which doesn\'t exist; did you mean {near}?'
    ),
    '--policy names a column "{header}", which doesn\'t exist.': message(
        'The settings (columns.policy) name a column "{header}", which doesn\'t exist.'
    ),
    (
        'The policy {policy} of "{header}" needs the portal\'s current values, which --no-diff does '
        "not read. Leave out --no-diff, or choose overwrite or keep-blank."
    ): message(
        'The policy {policy} of "{header}" needs the portal\'s current values, which the settings leave unread '
        '(no-diff). Choose on "{at_columns}" that its cells replace what the ticket has.'
    ),
    (
        '--clear-word "{word}" is also a value of "{header}", so a cell that holds it is ambiguous. '
        "Choose another word."
    ): message(
        'The word that clears a cell, "{word}" (clear-word in the settings), is also a value of "{header}", so a '
        "cell that holds it is ambiguous. Choose another word there."
    ),
    ("HubSpot fills this in itself; the edit cannot be sent. Put the value back, or use --skip-read-only"): message(
        "HubSpot fills this in itself; the edit cannot be sent. Put the value back"
    ),
    (
        'the portal does not show the values of "{label}" to this token, which is not the same as '
        "empty; give the token the scope {scope}, leave the column out with --skip-column, or write "
        "without comparing with --no-diff"
    ): message(
        'the portal does not show the values of "{label}" to this token, which is not the same as empty; give the '
        'token the scope {scope}, or leave the column out on "{at_columns}"'
    ),
    # how texts are read
    (
        '--delimiter "{name}" is not a delimiter. Give one character, such as , or ; or |, or one of '
        "the words comma, semicolon, pipe and tab."
    ): message(
        'The delimiter of the settings, "{name}", is none. Give one character, such as , or ; or |, or one of the '
        "words comma, semicolon, pipe and tab."
    ),
    (
        "Line {line} holds bytes that are not {encoding} text. Save the file as UTF-8, or name its "
        "encoding with --encoding."
    ): message(
        "Line {line} holds bytes that are not {encoding} text. Save the file as UTF-8 or as XLSX, and choose it again."
    ),
    (
        "--encoding {encoding} names no encoding that is known here. Names such as utf-8, utf-16, "
        "cp1252, latin-1 or mac_roman are."
    ): message(
        "The encoding of the settings, {encoding}, is not known here. Names such as utf-8, utf-16, cp1252, latin-1 "
        "or mac_roman are."
    ),
    (
        'The file seems to be UTF-7 text: "{word}" would then be "{text}". Save it as UTF-8, or name '
        "its encoding: --encoding utf-7, or --encoding utf-8 where it is meant as it stands."
    ): message(
        'The file seems to be UTF-7 text: "{word}" would then be "{text}". Save it as UTF-8 or as XLSX, and choose '
        "it again."
    ),
    (
        "The file is not UTF-8 text (the first place is in line {line}). Read as Windows-1252, it "
        "would hold {words}; it may be {guess}. Save it as UTF-8, or name its encoding with --encoding."
    ): message(
        "The file is not UTF-8 text (the first place is in line {line}). Read as Windows-1252, it would hold "
        "{words}; it may be {guess}. Save it as UTF-8 or as XLSX, and choose it again."
    ),
    (
        "The file is not UTF-8 and was read as Windows-1252 (Latin-1): {words}. If letters with "
        "accents look wrong, name its encoding with --encoding."
    ): message(
        "The file is not UTF-8 and was read as Windows-1252 (Latin-1): {words}. If letters with accents look wrong, "
        "save it as UTF-8 or as XLSX, and choose it again."
    ),
    ("{place}: texts are read as in {locale}, the language of its cells' format; --locale names another."): message(
        "{place}: texts are read as in {locale}, the language of its cells' format; another can be chosen on "
        '"{at_columns}".'
    ),
    '"{value}" can be {first} or {second}; name the order with --date-format or --locale': message(
        '"{value}" can be {first} or {second}; choose on "{at_columns}" how dates are written'
    ),
    '"{value}" can be read as {first} or as {second}; name the locale of the file with --locale': message(
        '"{value}" can be read as {first} or as {second}; choose on "{at_columns}" how numbers are written'
    ),
    (
        '"{value}" is the label of one option (value {values}) and the value of another; say with '
        "--options labels or --options values what this column holds"
    ): message(
        '"{value}" is the label of one option (value {values}) and the value of another; choose on "{at_columns}" '
        "what cells of lists hold"
    ),
    (
        'as a word, "{value}" means {word}, but it is also the label of another option; say with '
        "--options labels or --options values which of them this column holds"
    ): message(
        'as a word, "{value}" means {word}, but it is also the label of another option; choose on "{at_columns}" '
        "what cells of lists hold"
    ),
    ("{file} isn't a ticket schema: {reason}. Make one with `import-tickets schema pull --output {file}`."): message(
        "{file}, which the settings name as the schema, isn't a ticket schema: {reason}."
    ),
    (
        "{file} holds properties alone: pipelines are taken to be HubSpot's default ones, owners are "
        "known by ID alone, and times without a zone are read in UTC unless --timezone names one."
    ): message(
        "{file} holds properties alone: pipelines are taken to be HubSpot's default ones, owners are known by ID "
        "alone, and times without a zone are read in UTC unless the settings name one (timezone)."
    ),
    "{file} names no time zone: times without one are read in UTC unless --timezone names another.": message(
        "{file} names no time zone: times without one are read in UTC unless the settings name another (timezone)."
    ),
    (
        "The portal's time zone cannot be read, so times without a zone are read in UTC; --timezone sets another one."
    ): message(
        "The portal's time zone cannot be read, so times without a zone are read in UTC; the settings can name "
        "another one (timezone)."
    ),
    "The time zone {zone} is not known here; name another one with --timezone.": message(
        "The time zone {zone} is not known here; name another one in the settings (timezone)."
    ),
    # the plan, and what holds it back
    (
        'the portal changed this to "{current}" after the sheet was made; the sheet says "{wanted}". '
        "Take the row from the portal again, or run with --on-conflict overwrite"
    ): message(
        'the portal changed this to "{current}" after the sheet was made; the sheet says "{wanted}". Take the row '
        'from the portal again, or overwrite it: the button is on "{at_problems}"'
    ),
    (
        '{who} changed this in the portal to "{current}" at {when}, after the sheet was made; the '
        'sheet says "{wanted}". Take the row from the portal again, or run with --on-conflict overwrite'
    ): message(
        '{who} changed this in the portal to "{current}" at {when}, after the sheet was made; the sheet says '
        '"{wanted}". Take the row from the portal again, or overwrite it: the button is on "{at_problems}"'
    ),
    "Nothing was sent: one row is invalid. Fix it, or send the others with --on-invalid skip.": count_message(
        'Nothing was sent: one row is invalid. Correct it on "{at_problems}", or continue there without it.',
        'Nothing was sent: {count} rows are invalid. Correct them on "{at_problems}", or continue there without them.',
        0,
    ),
    "The plan changes {count} cell, and --max-changes allows {limit}.": count_message(
        "The plan changes {count} cell, and your settings allow {limit} (max-changes).",
        "The plan changes {count} cells, and your settings allow {limit} (max-changes).",
        0,
    ),
    "The plan clears {count} cell, and --max-clears allows {limit}.": count_message(
        "The plan clears {count} cell, and your settings allow {limit} (max-clears).",
        "The plan clears {count} cells, and your settings allow {limit} (max-clears).",
        0,
    ),
    "The plan closes {count} ticket, and --max-closes allows {limit}.": count_message(
        "The plan closes {count} ticket, and your settings allow {limit} (max-closes).",
        "The plan closes {count} tickets, and your settings allow {limit} (max-closes).",
        0,
    ),
    ("Nothing was changed in HubSpot. To see the errors in the sheet, run the same command with --dry-run."): message(
        "Nothing was changed in HubSpot."
    ),
    "Current values were not read (--no-diff), so it is not known which of these are changes.": message(
        "Current values were not read (no-diff in the settings), so it is not known which of these are changes."
    ),
    "--rows names row {row}, and the last row of the sheet is {last}.": message(
        "The settings name row {row} (rows), and the last row of the sheet is {last}."
    ),
    "--rows names row {row}, and the data begin below row {header}.": message(
        "The settings name row {row} (rows), and the data begin below row {header}."
    ),
    "left out by --rows or --first": message("left out by the settings (rows, first)"),
    "{count} row is left out (--rows, --first) and not sent.": count_message(
        "{count} row is left out by the settings (rows, first) and not sent.",
        "{count} rows are left out by the settings (rows, first) and not sent.",
        0,
    ),
    # where results go
    (
        "The results could not be written into {folder} ({reason}), so nothing was sent. Make room or "
        "allow it, or name another place with --output."
    ): message(
        "The results could not be written into {folder} ({reason}), so nothing was sent. Make room or allow it; or "
        'drop the file on "{at_file}": the results then come into a copy.'
    ),
    (
        "The results could not be written to a spreadsheet anywhere; they are kept with the run: "
        "`import-tickets runs show RUN --csv PATH` writes them."
    ): message(
        'The results could not be written to a spreadsheet anywhere; they are kept with the run: "{at_result}" has '
        "them as a page."
    ),
    "{path} exists already. Name another file, or add --overwrite to replace it.": message(
        "{path} exists already. Move it away, then check again."
    ),
    "--failed-to {path} names a file of this run itself; name another one.": message(
        "{path}, where the settings want failed rows (failed-to), is a file of this run itself; name another one there."
    ),
}
"""By the template of the command line's message."""

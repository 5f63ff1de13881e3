"use strict";
/* Draws the two tables. Only the blocks of rows near the window are in the page, so 50,000 rows cost what 100 do.
   Text from the sheet and the portal is only ever set as text. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const BLOCK = 40;             // rows drawn together
  const PRINTED = 40;           // rows of a table that go onto paper
  const LONGEST_COMPARED = 600; // words on a side that are still compared one by one

  const element = (name, css, text) => {
    const made = document.createElement(name);
    if (css) made.className = css;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const folded = (text) => String(text).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const wordsOf = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) || [];

  /* The longest common subsequence of two lists of words, as two lists of flags: kept or not. */
  function keptWords(left, right) {
    const kept = [new Array(left.length).fill(false), new Array(right.length).fill(false)];
    let start = 0;
    let endLeft = left.length;
    let endRight = right.length;
    while (start < endLeft && start < endRight && left[start] === right[start]) {
      kept[0][start] = kept[1][start] = true;
      start += 1;
    }
    while (endLeft > start && endRight > start && left[endLeft - 1] === right[endRight - 1]) {
      endLeft -= 1;
      endRight -= 1;
      kept[0][endLeft] = kept[1][endRight] = true;
    }
    const rows = endLeft - start;
    const columns = endRight - start;
    if (!rows || !columns || rows > LONGEST_COMPARED || columns > LONGEST_COMPARED) return kept;
    const lengths = new Uint16Array((rows + 1) * (columns + 1));
    for (let i = rows - 1; i >= 0; i -= 1) {
      for (let j = columns - 1; j >= 0; j -= 1) {
        lengths[i * (columns + 1) + j] = left[start + i] === right[start + j]
          ? lengths[(i + 1) * (columns + 1) + j + 1] + 1
          : Math.max(lengths[(i + 1) * (columns + 1) + j], lengths[i * (columns + 1) + j + 1]);
      }
    }
    let i = 0;
    let j = 0;
    while (i < rows && j < columns) {
      if (left[start + i] === right[start + j]) {
        kept[0][start + i] = kept[1][start + j] = true;
        i += 1;
        j += 1;
      } else if (lengths[(i + 1) * (columns + 1) + j] >= lengths[i * (columns + 1) + j + 1]) i += 1;
      else j += 1;
    }
    return kept;
  }

  function marked(parts, kept, name) {
    const cell = element("td", "text");
    let at = 0;
    while (at < parts.length) {
      let end = at;
      while (end < parts.length && (kept[end] === kept[at] || (!kept[at] && end + 1 < parts.length && !kept[end + 1] && /^\s+$/.test(parts[end])))) end += 1;
      const text = parts.slice(at, end).join("");
      cell.append(kept[at] ? text : element(name, "", text));
      at = end;
    }
    return cell;
  }

  function beforeAndAfter(before, after) {
    const missing = (text) => {
      const cell = element("td", "text");
      cell.append(element("em", "", text));
      return cell;
    };
    const left = wordsOf(before || "");
    const right = wordsOf(after);
    const kept = keptWords(left, right);
    return [
      before === null ? missing(words.not_read) : before === "" ? missing(words.empty) : marked(left, kept[0], "del"),
      after === "" ? missing(words.empty) : marked(right, kept[1], "ins"),
    ];
  }

  function ticketCell(key, ticket, row) {
    const cell = element("td", "ticket");
    if (data.link && ticket) {
      const link = element("a", "", key || ticket);
      link.href = data.link + ticket;
      link.rel = "noreferrer";
      link.target = "_blank";
      cell.append(link);
    } else cell.textContent = key;
    if (data.names[row]) cell.append(element("span", "name", data.names[row]));
    return cell;
  }

  const tables = {
    problems: {
      rows: data.problems,
      column: (one) => data.headers[one[2]],
      kind: (one) => one[6],
      text: (one) => [one[1], data.headers[one[2]], one[3], one[4], one[5], one[6], one[7], data.names[one[0]]].join("\n"),
      values: (one) => [one[1], data.headers[one[2]], one[3], one[5], one[7], one[6]],
      order: (one, column) => (column === 0 ? one[0] || 0 : null),
      cells: (one) => [
        element("td", "where", one[1]),
        element("td", "property", data.headers[one[2]]),
        ticketCell(one[3], one[4], one[0]),
        element("td", "value", one[5]),
        element("td", "text", one[7]),
        element("td", "code", one[6]),
      ],
    },
    notes: {
      rows: data.notes,
      column: () => "",
      kind: () => "",
      text: (one) => [one[1], one[2], one[3], one[4], data.names[one[0]]].join("\n"),
      values: (one) => [one[1], one[2], one[4]],
      order: (one, column) => (column === 0 ? one[0] : null),
      cells: (one) => [element("td", "where", one[1]), ticketCell(one[2], one[3], one[2] && one[0]), element("td", "text", one[4])],
    },
    changes: {
      rows: data.changes,
      column: (one) => data.headers[one[1]],
      kind: (one) => one[6],
      text: (one) => [one[0], data.headers[one[1]], one[2], one[3], one[4], one[5], one[6], data.names[one[0]]].join("\n"),
      values: (one) => [one[0], one[2], data.headers[one[1]], one[4] ?? words.not_read, one[5], one[6]],
      order: (one, column) => (column === 0 ? one[0] : null),
      cells: (one) => [
        element("td", "row", one[0]),
        ticketCell(one[2], one[3], one[0]),
        element("td", "property", data.headers[one[1]]),
        ...beforeAndAfter(one[4], one[5]),
        element("td", "status", one[6]),
      ],
    },
  };

  /* A cell that no spreadsheet program takes for a formula, quoted as RFC 4180 has it. */
  function csvCell(value) {
    const text = String(value);
    const harmless = /^[\s']*[=+\-@]/.test(text) && !/^[+-]?\d+([.,]\d+)?$/.test(text) ? `'${text}` : text;
    return `"${harmless.replaceAll('"', '""')}"`;
  }

  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

  class List {
    constructor(id, source) {
      this.id = id;
      this.sorted = { column: -1, down: false };
      this.source = source;
      this.panel = document.getElementById(`panel-${id}`);
      this.form = this.panel.querySelector("form");
      this.table = this.panel.querySelector("table");
      this.found = this.panel.querySelector("output");
      this.more = this.panel.querySelector(".more");
      this.titles = [...this.table.querySelectorAll("th")];
      this.width = this.titles.length;
      this.height = 36;
      this.haystacks = null;
      this.rows = source.rows;
      this.watcher = new IntersectionObserver((seen) => this.redraw(seen), { rootMargin: "1200px 0px" });
      this.offer("column", source.column);
      this.offer("kind", source.kind);
      let waiting = 0;
      this.form.addEventListener("input", () => {
        cancelAnimationFrame(waiting);
        waiting = requestAnimationFrame(() => this.filter());
      });
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.elements.save.addEventListener("click", () => this.save());
      for (const [column, title] of this.titles.entries()) {
        title.firstElementChild.addEventListener("click", () => this.sort(column));
      }
      new ResizeObserver(() => this.table.style.setProperty("--tools", `${this.form.offsetHeight}px`)).observe(this.form);
      this.lay();
    }

    offer(name, read) {
      const counts = new Map();
      for (const one of this.source.rows) counts.set(read(one), (counts.get(read(one)) || 0) + 1);
      const select = this.form.elements[name];
      if (!select) return;
      for (const [value, count] of [...counts].sort((a, b) => b[1] - a[1])) {
        if (!value) continue;
        const option = element("option", "", `${value} (${number.format(count)})`);
        option.value = value;
        select.append(option);
      }
    }

    filter() {
      const { text, column, kind } = this.form.elements;
      const wanted = folded(text.value).split(/\s+/).filter(Boolean);
      if (wanted.length && !this.haystacks) this.haystacks = this.source.rows.map((one) => folded(this.source.text(one)));
      this.rows = this.source.rows.filter((one, index) =>
        (!column?.value || this.source.column(one) === column.value)
        && (!kind?.value || this.source.kind(one) === kind.value)
        && wanted.every((word) => this.haystacks[index].includes(word)));
      this.arrange();
      this.lay();
      if (this.panel.getBoundingClientRect().top < 0) this.panel.scrollIntoView();
    }

    /* A second click on a heading turns the order round, a third one gives that of the sheet again. */
    sort(column) {
      const again = this.sorted.column === column;
      this.sorted = again && this.sorted.down ? { column: -1, down: false } : { column, down: again };
      for (const [place, title] of this.titles.entries()) {
        if (place === this.sorted.column) title.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
        else title.removeAttribute("aria-sort");
      }
      this.filter();
    }

    arrange() {
      const { column, down } = this.sorted;
      if (column < 0) return;
      const { values, order } = this.source;
      const keyed = this.rows.map((one) => [order(one, column) ?? values(one)[column], one]);
      const compare = (a, b) => (typeof a[0] === "number" ? a[0] - b[0] : collator.compare(a[0], b[0]));
      keyed.sort((a, b) => (down ? compare(b, a) : compare(a, b)));
      this.rows = keyed.map((pair) => pair[1]);
    }

    save() {
      const lines = [this.titles.map((title) => title.textContent), ...this.rows.map(this.source.values)];
      const text = `\ufeff${lines.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
      const link = element("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      link.download = `${data.file}-${this.id}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }

    /* Lay empty blocks, as high as their rows are likely to be. */
    lay() {
      this.watcher.disconnect();
      for (const body of [...this.table.tBodies]) body.remove();
      const bodies = document.createDocumentFragment();
      for (let start = 0; start < this.rows.length; start += BLOCK) {
        const body = element("tbody");
        body.dataset.start = start;
        this.empty(body, this.height * Math.min(BLOCK, this.rows.length - start));
        bodies.append(body);
      }
      this.table.append(bodies);
      for (const body of this.table.tBodies) this.watcher.observe(body);
      this.table.setAttribute("aria-rowcount", this.rows.length + 1);
      this.found.textContent = words.found.replace("{found}", number.format(this.rows.length)).replace("{total}", number.format(this.source.rows.length));
    }

    empty(body, height) {
      const cell = element("td");
      cell.colSpan = this.width;
      cell.style.height = `${height}px`;
      const row = element("tr", "gap");
      row.setAttribute("aria-hidden", "true");
      row.append(cell);
      body.replaceChildren(row);
      body.dataset.drawn = "";
    }

    fill(body) {
      const start = Number(body.dataset.start);
      body.replaceChildren(...this.rows.slice(start, start + BLOCK).map((one, index) => {
        const row = element("tr");
        row.setAttribute("aria-rowindex", start + index + 2);
        row.append(...this.source.cells(one));
        for (const [place, cell] of [...row.cells].entries()) cell.dataset.title = this.titles[place].textContent;
        return row;
      }));
      body.dataset.drawn = "yes";
    }

    redraw(seen) {
      for (const { target, isIntersecting } of seen) {
        if (isIntersecting && !target.dataset.drawn) this.fill(target);
        else if (!isIntersecting && target.dataset.drawn && !target.contains(document.activeElement)) {
          this.empty(target, target.getBoundingClientRect().height);
        }
      }
    }

    print() {
      for (const body of this.table.tBodies) {
        if (Number(body.dataset.start) < PRINTED) this.fill(body);
        else body.hidden = true;
      }
      this.more.hidden = this.rows.length <= PRINTED;
      this.more.textContent = words.more.replace("{count}", number.format(this.rows.length - PRINTED));
    }
  }

  const lists = [];
  for (const [id, source] of Object.entries(tables)) {
    if (source.rows.length) lists.push(new List(id, source));
  }
  addEventListener("beforeprint", () => lists.forEach((one) => one.print()));
  addEventListener("afterprint", () => lists.forEach((one) => { one.more.hidden = true; one.lay(); }));

  const tabs = [...document.querySelectorAll("[role=tab]")];
  function choose(tab) {
    for (const one of tabs) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = !chosen;
    }
  }
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const target = {
        ArrowRight: tabs[(index + 1) % tabs.length],
        ArrowLeft: tabs[(index + tabs.length - 1) % tabs.length],
        Home: tabs[0],
        End: tabs[tabs.length - 1],
      }[event.key];
      if (!target) return;
      event.preventDefault();
      choose(target);
      target.focus();
    });
  }

  const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "medium" });
  for (const one of document.querySelectorAll("time")) {
    const when = new Date(one.dateTime);
    if (!Number.isNaN(when.getTime())) one.textContent = moment.format(when);
  }
})();

"use strict";
{
  const tables = [...document.querySelectorAll(".map table")];
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const search = document.getElementById("search");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => texts.get(row).includes(word));
      if (!row.hidden) shown++;
    }
    for (const table of tables) {
      table.closest(".map").hidden = words.length > 0 && ![...table.tBodies[0].rows].some((row) => !row.hidden);
    }
    document.getElementById("matches").textContent = words.length > 0 ? `${shown} of ${rows.length} shown` : "";
  };

  const groups = [...document.querySelectorAll("details.findings")];
  const pick = document.getElementById("finding-search");
  // Before somebody filters, a group is open or not as the page says.
  const was = new Map(groups.map((group) => [group, group.open]));
  const findings = groups.flatMap((group) =>
    [...group.querySelectorAll(".finding")].map((finding) => {
      const text = `${group.querySelector("summary").textContent} ${finding.textContent}`.toLowerCase();
      return { group, finding, text };
    }));

  const choose = () => {
    const words = pick.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hit = new Set();
    let shown = 0;
    for (const { group, finding, text } of findings) {
      finding.hidden = !words.every((word) => text.includes(word));
      if (!finding.hidden) {
        hit.add(group);
        shown++;
      }
    }
    for (const group of groups) {
      group.hidden = !hit.has(group);
      group.open = words.length > 0 ? hit.has(group) : was.get(group);
    }
    document.getElementById("finding-matches").textContent = words.length > 0 ? `${shown} of ${findings.length} shown` : "";
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const sort = (table, head) => {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    const value = (row) => {
      const cell = row.cells[head.cellIndex];
      return cell.dataset.value ?? cell.textContent.trim();
    };
    const sorted = [...table.tBodies[0].rows].sort((a, b) => collator.compare(value(a), value(b)) * (ascending ? 1 : -1));
    table.tBodies[0].append(...sorted);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  };

  if (search && rows.length > 0) {
    search.addEventListener("input", filter);
    document.getElementById("tools").hidden = false;
    // Browsers keep what was typed when a page is read again.
    filter();
  }
  if (pick) {
    pick.addEventListener("input", choose);
    document.getElementById("finding-tools").hidden = false;
    if (pick.value) choose();
  }
  for (const table of tables) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(table, head));
      head.replaceChildren(button);
    }
    table.classList.add("sortable");
  }
}

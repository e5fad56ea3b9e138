
'use strict';
// Names come from strangers: nothing here builds markup from text, everything
// is set through textContent.
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const below = data.dependencies;
  const above = below.map(() => []);
  below.forEach((list, unit) => list.forEach((d) => above[d].push(unit)));

  const graph = document.getElementById('graph');
  const details = document.getElementById('details');
  const table = document.getElementById('units');
  const nodes = [...graph.querySelectorAll('.node')];
  const edges = [...graph.querySelectorAll('.edges path')];
  const bars = new Map([...document.querySelectorAll('#timeline .bar')].map((b) => [+b.dataset.unit, b]));
  const rows = new Map([...table.tBodies[0].rows].map((r) => [+r.dataset.unit, r]));
  let selected = -1;

  function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  }

  // reach is the unit and everything that can be got to from it.
  function reach(unit, next) {
    const seen = new Set([unit]);
    for (const u of seen) next[u].forEach((n) => seen.add(n));
    return seen;
  }

  function mark(unit, on) {
    for (const e of [nodes[unit], bars.get(unit), rows.get(unit)]) if (e) e.classList.toggle('selected', on);
  }

  function select(unit) {
    if (selected >= 0) mark(selected, false);
    selected = unit === selected ? -1 : unit;
    graph.classList.toggle('picked', selected >= 0);
    if (selected < 0) {
      details.replaceChildren(element('p', 'No unit selected.', 'hint'));
      return;
    }
    mark(unit, true);
    const down = reach(unit, below);
    const up = reach(unit, above);
    nodes.forEach((n, i) => n.classList.toggle('near', down.has(i) || up.has(i)));
    for (const e of edges) {
      const from = +e.dataset.from;
      const to = +e.dataset.to;
      e.classList.toggle('below', down.has(from) && down.has(to));
      e.classList.toggle('above', up.has(from) && up.has(to));
      e.classList.toggle('direct', from === unit || to === unit);
    }
    describe(unit, down.size - 1, up.size - 1);
  }

  function describe(index, down, up) {
    const unit = data.units[index];
    details.replaceChildren(element('h3', unit.id));
    const state = element('p', unit.status, 'mark ' + (unit.status === 'compiled' ? 'compiled' : 'reused'));
    if (unit.status === 'compiled' && unit.duration > 0) state.textContent += ' in ' + data.took[index];
    details.append(state);
    section('Why', data.why[index].map((why) => element('li', why)));
    const facts = element('dl');
    const values = { kind: unit.kind, 'for': unit.host ? 'host' : 'target', vertex: unit.vertex, key: unit.key };
    for (const [name, value] of Object.entries(unit.inputs || {})) values['input ' + name] = value;
    if (unit.features) values.features = unit.features.join(' ');
    for (const [name, value] of Object.entries(values)) facts.append(element('dt', name), element('dd', value));
    details.append(element('h4', 'What goes into it'), facts);
    links('Needs', below[index], down);
    links('Needed by', above[index], up);
  }

  function section(title, items) {
    if (items.length === 0) return;
    const list = element('ul');
    list.append(...items);
    details.append(element('h4', title), list);
  }

  function links(title, units, all) {
    section(title + ' ' + units.length + ' (' + all + ' in all)', units.map((u) => {
      const button = element('button', data.units[u].id);
      button.type = 'button';
      button.addEventListener('click', () => { select(u); show(u); });
      const item = element('li');
      item.append(button);
      if (data.units[u].status === 'compiled') item.append(element('span', ' compiled', 'mark compiled'));
      return item;
    }));
  }

  // The visible part of the graph.
  const whole = graph.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  let view = { ...full };

  function look(next) {
    view = next;
    graph.setAttribute('viewBox', [view.x, view.y, view.width, view.height].join(' '));
  }

  function zoom(factor, x, y) {
    const width = Math.min(Math.max(view.width * factor, 200), full.width * 2);
    const ratio = width / view.width;
    look({ x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, width: width, height: view.height * ratio });
  }

  function middle(factor) { zoom(factor, view.x + view.width / 2, view.y + view.height / 2); }

  // show moves the graph if the unit is out of sight.
  function show(unit) {
    const box = nodes[unit].getBBox();
    const x = box.x + box.width / 2;
    const y = box.y + box.height / 2;
    if (x < view.x || y < view.y || x > view.x + view.width || y > view.y + view.height) {
      look({ ...view, x: x - view.width / 2, y: y - view.height / 2 });
    }
  }

  function point(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(graph.getScreenCTM().inverse());
  }

  let drag = null;
  graph.addEventListener('pointerdown', (event) => {
    if (event.button === 0) drag = { x: event.clientX, y: event.clientY, view: view, moved: false };
  });
  graph.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 5) return;
    if (!drag.moved) graph.setPointerCapture(event.pointerId);
    drag.moved = true;
    graph.classList.add('moving');
    const scale = 1 / graph.getScreenCTM().a;
    look({ ...drag.view, x: drag.view.x - dx * scale, y: drag.view.y - dy * scale });
  });
  for (const name of ['pointerup', 'pointercancel']) {
    window.addEventListener(name, () => {
      graph.classList.remove('moving');
      // The click that ends a drag comes after this and selects nothing.
      const ended = drag;
      setTimeout(() => { if (drag === ended) drag = null; }, 0);
    });
  }
  graph.addEventListener('click', (event) => {
    if (drag && drag.moved) return;
    const node = event.target.closest('.node');
    if (node) select(+node.dataset.unit);
    else if (selected >= 0) select(selected);
  });
  graph.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = point(event);
    zoom(Math.exp(event.deltaY * 0.002), at.x, at.y);
  }, { passive: false });
  document.getElementById('zoom-in').addEventListener('click', () => middle(0.7));
  document.getElementById('zoom-out').addEventListener('click', () => middle(1 / 0.7));
  document.getElementById('zoom-fit').addEventListener('click', () => look({ ...full }));

  bars.forEach((bar, unit) => bar.addEventListener('click', () => { select(unit); show(unit); }));

  // The table.
  const search = document.getElementById('search');
  const status = document.getElementById('status');
  const shown = document.getElementById('shown');
  const texts = new Map([...rows.values()].map((row) => [row, [...row.cells].map((c) => c.textContent).join(' ').toLowerCase()]));

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    texts.forEach((text, row) => {
      const fits = words.every((w) => text.includes(w)) && (!status.value || row.classList.contains(status.value));
      row.hidden = !fits;
      if (fits) count++;
    });
    shown.textContent = count + ' of ' + texts.size;
  }
  search.addEventListener('input', filter);
  status.addEventListener('change', filter);

  function sortBy(column, header) {
    const down = header.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', down > 0 ? 'ascending' : 'descending');
    const value = (row) => row.cells[column].dataset.value;
    const ordered = [...rows.values()].sort((a, b) => down * (value(a) !== undefined
      ? value(a) - value(b)
      : a.cells[column].textContent.localeCompare(b.cells[column].textContent, 'en', { numeric: true })));
    table.tBodies[0].append(...ordered);
  }
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = element('button', header.textContent);
    button.type = 'button';
    button.addEventListener('click', () => sortBy(column, header));
    header.replaceChildren(button);
  });
  rows.forEach((row, unit) => {
    const button = element('button', row.cells[0].textContent);
    button.type = 'button';
    row.cells[0].replaceChildren(button);
    row.addEventListener('click', () => { select(unit); show(unit); });
  });

  document.documentElement.classList.add('js');
}());

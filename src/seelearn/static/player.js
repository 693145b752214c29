// Draws a run's events in its charts and moves through its steps. The lesson page feeds it live; a report gives it all
// events at once in <script id="events">. An event is a row of its chart's data, so nothing is translated here.

const PHONE = 600;
// Pixels: a y axis, its title, what sticks out, a map's cell, a picture at least, the name of a table's row at most.
const [AXIS, TITLE, EDGE, CELL, PICTURE, LABEL] = [46, 18, 20, 36, 180, 160];

function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function theme() {
  const text = { labelColor: ink("--soft"), titleColor: ink("--ink") };
  return {
    background: null,
    font: ink("--font"),
    axisY: { minExtent: AXIS, maxExtent: AXIS },
    axis: { ...text, titleFontWeight: "normal", gridColor: ink("--line"), domainColor: ink("--soft"), tickColor: ink("--soft") },
    legend: text,
    header: text,
    title: { color: ink("--ink"), fontWeight: "normal" },
    rule: { color: ink("--soft") },
    text: { color: ink("--ink") },
    style: { halo: { stroke: ink("--panel"), strokeWidth: 3 } },
    view: { stroke: null },
  };
}

/** Measure the longest of some labels, in pixels. */
function widest(labels) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `10px ${ink("--font")}`;
  return Math.max(...labels.map((label) => pen.measureText(label).width));
}

function embed(place, spec) {
  return window.vegaEmbed(place, spec, {
    actions: false, ast: true, logLevel: 1, config: theme(), defaultStyle: false, renderer: "canvas",
    tooltip: { disableDefaultStyle: true },
  });
}

function whenLookChanges(act) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
  let width = innerWidth;
  let waiting = null;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (innerWidth !== width) { width = innerWidth; act(); } }, 200);
  });
}

class Chart {
  constructor(figure, spec) {
    this.figure = figure;
    this.spec = spec;
    this.drawing = figure.querySelector(".drawing");
    this.clear();
  }

  /** Forget the rows; the old picture stands until the first new row comes. */
  clear() {
    this.rows = [];
    this.bands = new Map(); // the last one of each series
    this.grown = false;
    this.stale = true;
  }

  add(row) {
    if (row.kind === "band") this.bands.set(row.series, row);
    else this.rows.push(row);
    this.grown = true;
  }

  /** The rows to draw: beside a run's curves, the bands of their series; a band `under` curves waits for them. */
  get visible() {
    const run = new Set(this.rows.map((row) => row.series));
    const bands = [...this.bands.values()].filter((band) => (run.size ? run.has(band.series) : !band.under));
    return [...bands, ...this.rows];
  }

  /** Say below the title what is shaded. */
  explain(rows) {
    const place = this.figure.querySelector(".shaded");
    if (!place) return;
    const seeds = Math.max(...rows.map((row) => (row.kind === "band" ? row.seeds : 0)));
    place.hidden = seeds === 0;
    const text = document.documentElement.lang === "en" ? seeds.toLocaleString("en") : seeds;
    place.textContent = place.dataset.text.replace("{seeds}", text);
  }

  /** Fit the chart to the width that the page leaves it. The room for axes is fixed, so no label can shift a plot. */
  fitted(names) {
    const spec = structuredClone(this.spec);
    const width = Math.max(this.drawing.clientWidth, 260);
    const phone = width < PHONE;
    if (spec.columns && spec.facet) {
      this.fitPictures(spec, width, names.length);
    } else if (spec.facet) {
      const columns = this.rows[0].layers.length;
      spec.spacing.column = phone ? 3 : spec.spacing.column;
      spec.spec.width = Math.max(20, Math.floor((width - widest(names) - EDGE) / columns) - spec.spacing.column);
      spec.spec.height = phone ? 40 : spec.spec.height;
    } else if (spec.concat) {
      spec.columns = phone ? 1 : spec.concat.length;
      const room = (width - 20 * (spec.columns - 1)) / spec.columns;
      spec.concat.forEach((part) => { part.width = Math.floor(room - AXIS - EDGE); });
    } else {
      spec.width = width - (spec.usermeta.words ? this.rowNames() : AXIS) - TITLE - EDGE;
    }
    return spec;
  }

  /** The pixels that the names of a table's rows take; with several tables, each has that of its own before it. */
  rowNames() {
    const { names, words } = this.spec.usermeta;
    const own = Object.keys(names).length > 1 ? (row) => `${names[row.series]} · ` : () => "";
    return Math.min(LABEL, widest(this.rows.flatMap((row) => row.rows.map((name) => own(row) + (words[name] ?? name)))));
  }

  /** Fit pictures that stand side by side: each has the shape of the highest. */
  fitPictures(spec, width, cells) {
    spec.columns = Math.min(cells, Math.max(1, Math.floor(width / PICTURE)));
    spec.spec.width = Math.min(2 * PICTURE, Math.floor(width / spec.columns) - EDGE);
    const shape = Math.max(...this.rows.map((row) => row.height / row.width));
    spec.spec.height = Math.ceil(spec.spec.width * Math.min(shape, 1.5));
  }

  /** Draw the rows there are. A chart is made with its first rows: Vega cannot lay out a grid of nothing. */
  async draw(now, total) {
    const rows = this.visible.map((row) => ({ ...row })); // Vega writes into what it is given
    if (rows.length === 0) return;
    const names = this.spec.usermeta.names;
    const own = (row) => row.kind === "image" && !this.spec.columns; // a picture in a plot has colours of its own
    const shown = [...new Set(rows.filter((row) => !own(row)).map((row) => names[row.series]))];
    const signals = { now, total, shown };
    const { grown } = this;
    this.grown = false;
    this.explain(rows);
    if (this.spec.columns && signals.shown.length !== this.cells) this.stale = true; // one more beside the others
    this.cells = signals.shown.length;
    if (this.stale) {
      this.stale = false; // now, for a clear() may come while the chart is being made
      await this.make(signals, rows).catch((error) => { this.stale = true; throw error; });
      return;
    }
    const moves = this.rows.some((row) => row.step !== null);
    if (!grown && !moves) return;
    const { view } = this.result;
    if (grown) view.data(this.spec.name, rows).resize(); // or the layout keeps what older rows needed
    for (const [name, value] of Object.entries(signals)) view.signal(name, value);
    await view.runAsync();
  }

  async make(signals, rows) {
    const spec = this.fitted(signals.shown);
    spec.params.forEach((param) => { param.value = signals[param.name]; });
    spec.datasets = { [spec.name]: rows };
    this.result?.finalize();
    this.result = await embed(this.drawing, spec);
  }
}

/** The map of a sweep: nothing in it moves, so it is made again only for another width or another light. */
class Sweep {
  constructor(figure, spec) {
    this.drawing = figure.querySelector(".drawing");
    this.spec = spec;
    whenLookChanges(() => this.draw());
    this.draw();
  }

  async draw() {
    const spec = structuredClone(this.spec);
    const { columns, cells, letters, extent } = spec.usermeta;
    const width = Math.max(this.drawing.clientWidth, 260);
    if (columns) {
      const room = width - extent - TITLE - EDGE;
      spec.columns = Math.max(1, Math.min(columns, Math.floor(room / (cells * CELL))));
      spec.spec.width = Math.floor(room / spec.columns - EDGE);
      const size = (spec.spec.width / cells - 2) / (0.58 * letters); // a digit is 0.58 of its font's size wide
      spec.params[0].value = size < 6 ? 0 : Math.min(size, 11);
    } else {
      spec.width = width - AXIS - TITLE - EDGE;
    }
    this.result?.finalize();
    this.result = await embed(this.drawing, spec);
  }
}

export class Player {
  constructor() {
    const specs = read("charts");
    this.charts = [...document.querySelectorAll("figure[data-chart]")].map((figure) => new Chart(figure, specs[figure.dataset.chart]));
    this.timeline = document.getElementById("timeline");
    this.slider = document.getElementById("now");
    this.slider.addEventListener("input", () => { this.pause(); this.seek(Number(this.slider.value)); });
    this.button = document.getElementById("play");
    this.button.addEventListener("click", () => (this.ticking ? this.pause() : this.play()));
    whenLookChanges(() => this.remake());
    this.clear();
  }

  clear() {
    this.pause();
    this.now = 0;
    this.last = 0;
    this.total = 1;
    this.follow = true;
    this.stepped = this.measured = false;
    this.charts.forEach((chart) => chart.clear());
  }

  remake() {
    this.charts.forEach((chart) => { chart.stale = true; });
    this.redraw();
  }

  /** Show some charts; a chart is as wide as its neighbours let it be, so all are made again. */
  reveal(charts) {
    const hidden = charts.filter(({ figure }) => figure.hidden);
    hidden.forEach(({ figure }) => { figure.hidden = false; });
    if (hidden.length > 0) this.charts.forEach((chart) => { chart.stale = true; });
  }

  /** Take one event: it is drawn at the next frame, and the view follows unless the reader has gone back. */
  add(event) {
    if (event.kind === "result") this.measured = true; // many seeds: a step is then a seed that is done
    if (this.measured && event.kind !== "band") return;
    const charts = this.charts.filter((chart) => event.chart === chart.spec.usermeta.source);
    if (event.kind === "band") {
      if (!event.under) this.reveal(charts);
      if (!this.stepped) this.total = Math.max(1, event.x.at(-1));
    } else {
      this.reveal(this.charts);
    }
    if (event.kind === "step") {
      this.stepped = true;
      this.total = event.total;
      this.last = event.step;
      this.slider.max = event.step;
      this.timeline.hidden = false;
      if (this.follow) this.now = event.step;
    }
    charts.forEach((chart) => chart.add(event));
    this.redraw();
  }

  /** Take the bands that belong under the curves of a run. */
  under(bands) {
    bands.forEach((band) => this.add({ ...band, under: true }));
  }

  /** Hide the charts that have nothing to show: pictures still standing there are another run's. */
  finish() {
    const empty = this.charts.filter((chart) => !chart.figure.hidden && chart.visible.length === 0);
    empty.forEach(({ figure }) => { figure.hidden = true; });
    this.timeline.hidden = !this.stepped;
    if (empty.length > 0) this.remake();
  }

  seek(step) {
    this.now = step;
    this.follow = step === this.last;
    this.redraw();
  }

  play() {
    if (this.now >= this.last) this.seek(0);
    this.button.setAttribute("aria-pressed", "true");
    this.ticking = setInterval(() => {
      this.seek(Math.min(this.now + 1, this.last));
      if (this.now >= this.last) this.pause();
    }, 500);
  }

  pause() {
    clearInterval(this.ticking);
    this.ticking = null;
    this.button.setAttribute("aria-pressed", "false");
  }

  /** Draw once in the next frame, however many events arrive before it. */
  redraw() {
    this.wanted = true;
    if (this.drawing) return;
    document.documentElement.dataset.drawing = "yes";
    this.drawing = this.drawUntilQuiet().catch((error) => {
      const place = document.getElementById("error");
      if (place) place.textContent = String(error);
      this.wanted = false;
    }).finally(() => {
      this.drawing = null;
      if (this.wanted) this.redraw(); // asked for between the last look and now
      else document.documentElement.dataset.drawing = "no";
    });
  }

  async drawUntilQuiet() {
    while (this.wanted) {
      await new Promise((frame) => { requestAnimationFrame(frame); });
      this.wanted = false;
      this.slider.value = this.now;
      document.getElementById("step").textContent = `${this.now} / ${this.total}`;
      for (const chart of this.charts) await chart.draw(this.now, this.total);
      document.documentElement.dataset.drawn = this.now;
    }
  }
}

const recorded = read("events");
if (recorded) {
  const player = new Player();
  player.under(read("bands"));
  recorded.forEach((event) => player.add(event));
}
const sweep = read("map-data");
if (sweep) new Sweep(document.querySelector("figure.map"), sweep);

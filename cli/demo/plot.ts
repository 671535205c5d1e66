/** One curve: held-out loss over tokens. */
export type Curve = { readonly name: string; readonly colour: string; readonly points: readonly Point[] };
export type Point = { readonly tokens: number; readonly loss: number };

const WIDTH = 720;
const HEIGHT = 420;
const MARGIN = { left: 64, right: 24, top: 48, bottom: 56 };

type Axis = { readonly least: number; readonly most: number; readonly ticks: readonly number[] };

/** A line chart as an SVG document, readable on light and dark pages. */
export function lossPlot(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const x = axis(0, Math.max(1, ...points.map(({ tokens }) => tokens)));
  const losses = points.map(({ loss }) => loss);
  const y = axis(Math.min(...losses), Math.max(...losses));
  const toX = scale(x, MARGIN.left, WIDTH - MARGIN.right);
  const toY = scale(y, HEIGHT - MARGIN.bottom, MARGIN.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="26" font-size="16" fill="#111827">${escape(title)}</text>`,
    ...x.ticks.map((tick) => xTick(tick, toX(tick))),
    ...y.ticks.map((tick) => yTick(tick, toY(tick))),
    `<text x="${(MARGIN.left + WIDTH) / 2}" y="${HEIGHT - 14}" text-anchor="middle" fill="#374151">tokens</text>`,
    `<text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle" fill="#374151">held-out loss (nats)</text>`,
    ...curves.map((curve) => line(curve, toX, toY)),
    ...curves.map(legend),
    '</svg>',
    '',
  ].join('\n');
}

/** Round numbers from just below to just above a range. */
function axis(from: number, to: number): Axis {
  const rough = (to - from || Math.abs(to) || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(from / step);
  const last = Math.max(first + 1, Math.ceil(to / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { least: ticks[0]!, most: ticks.at(-1)!, ticks };
}

function scale({ least, most }: Axis, from: number, to: number): (value: number) => number {
  return (value) => Number((from + ((value - least) / (most - least)) * (to - from)).toFixed(1));
}

function xTick(value: number, at: number): string {
  const text = value >= 1_000 ? `${Number((value / 1_000).toPrecision(4))}k` : String(value);
  const base = HEIGHT - MARGIN.bottom;
  return `<path d="M${at} ${base}v5" stroke="#6b7280"/><text x="${at}" y="${base + 20}" text-anchor="middle" fill="#374151">${text}</text>`;
}

function yTick(value: number, at: number): string {
  const { left, right } = MARGIN;
  return `<path d="M${left} ${at}H${WIDTH - right}" stroke="#e5e7eb"/><text x="${left - 8}" y="${at + 4}" text-anchor="end" fill="#374151">${value}</text>`;
}

function line({ colour, points }: Curve, toX: (v: number) => number, toY: (v: number) => number): string {
  const path = points.map(({ tokens, loss }) => `${toX(tokens)},${toY(loss)}`).join(' ');
  const dots = points.map(({ tokens, loss }) => `<circle cx="${toX(tokens)}" cy="${toY(loss)}" r="3"/>`).join('');
  return `<g fill="${colour}"><polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}</g>`;
}

function legend({ name, colour }: Curve, index: number): string {
  const x = WIDTH - MARGIN.right - 250;
  const y = MARGIN.top + 18 + index * 22;
  return `<path d="M${x} ${y - 4}h24" stroke="${colour}" stroke-width="3"/><text x="${x + 32}" y="${y}" fill="#111827">${escape(name)}</text>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';

/** Where the demo tells what happens: one live region on a terminal, lines anywhere else. */
export type Screen = {
  readonly isLive: boolean;
  /** A line that stays, above the live region. */
  line(text: string): void;
  /** Lines that only a log wants: a terminal has the live region for them. */
  note(text: string): void;
  /** Does long work under a title; the time it takes counts up on a terminal. */
  stage<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Redraws `render()` below everything else until the next call, or until closed; undefined ends it. */
  live(render: ((columns: number) => readonly string[]) | undefined): void;
  close(): void;
};

const REDRAW_MS = 250;
const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export function openScreen(stream: WriteStream | NodeJS.WritableStream): Screen {
  const isLive = 'isTTY' in stream && stream.isTTY;
  return isLive ? liveScreen(stream as WriteStream) : plainScreen(stream);
}

function plainScreen(stream: NodeJS.WritableStream): Screen {
  const line = (text: string) => void stream.write(`${text}\n`);
  return {
    isLive: false,
    line,
    note: line,
    async stage(title, work) {
      line(`${title} ...`);
      const started = performance.now();
      const result = await work();
      line(`${title}: ${seconds(started)}`);
      return result;
    },
    live: () => undefined,
    close: () => undefined,
  };
}

function liveScreen(stream: WriteStream): Screen {
  let render: ((columns: number) => readonly string[]) | undefined;
  let drawn = 0;
  const erase = () => (drawn > 0 ? `\x1b[${drawn}A\x1b[0J` : '');
  const draw = (above = '') => {
    const columns = stream.columns || 80;
    const lines = (render?.(columns) ?? []).slice(0, Math.max(1, (stream.rows || 24) - 1));
    const text = lines.map((text) => `${cut(text, columns - 1)}\n`).join('');
    stream.write(`${erase()}${above}${text}`);
    drawn = lines.length;
  };
  const timer = setInterval(() => render !== undefined && draw(), REDRAW_MS);
  timer.unref();
  stream.write('\x1b[?25l');
  const line = (text: string) => draw(`${text}\n`);
  return {
    isLive: true,
    line,
    note: () => undefined,
    async stage(title, work) {
      const started = performance.now();
      render = () => [`${spinner[Math.floor(performance.now() / 100) % spinner.length]} ${title}  ${seconds(started)}`];
      draw();
      const result = await work().finally(() => (render = undefined));
      line(`✓ ${title}  ${seconds(started)}`);
      return result;
    },
    live(next) {
      render = next;
      draw();
    },
    close() {
      clearInterval(timer);
      render = undefined;
      stream.write('\x1b[?25h');
    },
  };
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1_000).toFixed(1)} s`;
}

/** At most `width` characters on the terminal; colours take none. */
function cut(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text;
  return stripVTControlCharacters(text).slice(0, width);
}

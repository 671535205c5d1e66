import type { Tokenizer } from '../../engine/data/tokenizer.ts';

/** Text of tokens that come one after the other. */
export type TextStream = {
  /** What a token completes: whole characters, and nothing that may turn out to begin a stop sequence. */
  push(token: number): string;
  /** What is left at the end. */
  end(): string;
  /** A stop sequence has come; it and what is behind it are no part of the text. */
  readonly isStopped: boolean;
};

export function textStream(tokenizer: Tokenizer, stops: readonly string[]): TextStream {
  const decode = tokenizer.decoder();
  let held = '';
  let isStopped = false;
  const release = (end: number): string => {
    const text = held.slice(0, end);
    held = held.slice(end);
    return text;
  };
  return {
    get isStopped() {
      return isStopped;
    },
    push(token) {
      if (isStopped) return '';
      held += decode(token);
      const at = firstOf(held, stops);
      if (at < 0) return release(held.length - beginningOf(held, stops));
      isStopped = true;
      return release(at);
    },
    end() {
      if (isStopped) return '';
      held += decode();
      const at = firstOf(held, stops);
      isStopped = at >= 0;
      return release(isStopped ? at : held.length);
    },
  };
}

/** Where the first stop sequence begins; -1 when there is none. */
function firstOf(text: string, stops: readonly string[]): number {
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** How many of the last characters may be the beginning of a stop sequence. */
function beginningOf(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--)
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length;
  return 0;
}

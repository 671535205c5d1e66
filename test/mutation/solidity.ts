/** Solidity source as far as finding conditions in it needs: what is code, and where brackets and operators stand. */

/** A stretch of a source: from `start` up to, not including, `end`. */
export type Span = { readonly start: number; readonly end: number };

const UNREAD = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"/g;

/** The source with blanks where comments, strings and assembly are: of the same length, so places are those of the source. */
export function codeOf(source: string): string {
  let code = source.replace(UNREAD, blank);
  for (const { index } of code.matchAll(/\bassembly\b/g)) {
    const { start, end } = bracketAt(code, code.indexOf('{', index));
    code = code.slice(0, start) + blank(code.slice(start, end)) + code.slice(end);
  }
  return code;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

const PAIRS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const CLOSING = new Set(Object.values(PAIRS));

/** What lies within the bracket that opens at `open`. */
export function bracketAt(code: string, open: number): Span {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (PAIRS[code[i]!] !== undefined) depth++;
    else if (CLOSING.has(code[i]!) && --depth === 0) return { start: open + 1, end: i };
  }
  throw new Error(`no bracket closes the one at ${open}`);
}

/** Where `token` stands in `span`, outside inner brackets. */
function places(code: string, { start, end }: Span, token: string): number[] {
  const found: number[] = [];
  for (let i = start, depth = 0; i < end; i++) {
    if (PAIRS[code[i]!] !== undefined) depth++;
    else if (CLOSING.has(code[i]!)) depth--;
    else if (depth === 0 && code.startsWith(token, i)) found.push(i);
  }
  return found;
}

/** The parts of `span` between the tokens, without the blanks around them. */
export function split(code: string, span: Span, token: string): Span[] {
  const cuts = places(code, span, token);
  const starts = [span.start, ...cuts.map((cut) => cut + token.length)];
  return starts.map((start, i) => trim(code, { start, end: cuts[i] ?? span.end }));
}

/** The terms of a condition: of a conjunction or a disjunction all that it joins, else itself. */
export function termsOf(code: string, span: Span): { readonly by: '&&' | '||' | undefined; readonly terms: Span[] } {
  const whole = trim(code, span);
  if (places(code, whole, '?').length > 0) return { by: undefined, terms: [whole] };
  for (const by of ['||', '&&'] as const) {
    const terms = split(code, whole, by);
    if (terms.length > 1) return { by, terms };
  }
  return { by: undefined, terms: [whole] };
}

export function trim(code: string, { start, end }: Span): Span {
  while (start < end && /\s/.test(code[start]!)) start++;
  while (end > start && /\s/.test(code[end - 1]!)) end--;
  return { start, end };
}

/** The statement that begins at `start`: up to its semicolon or, of a block, its bracket. */
export function statementAt(code: string, start: number): Span {
  let from = start;
  while (/\s/.test(code[from]!)) from++;
  if (code[from] === '{') return { start: from, end: bracketAt(code, from).end + 1 };
  const [end] = places(code, { start: from, end: code.length }, ';');
  return { start: from, end: end! + 1 };
}

/** The expression that begins at `start`: up to what ends a statement, an argument, a field or what holds it. */
export function expressionAt(code: string, start: number): Span {
  let depth = 0;
  let end = start;
  for (; end < code.length; end++) {
    if (PAIRS[code[end]!] !== undefined) depth++;
    else if (CLOSING.has(code[end]!) && depth-- === 0) break;
    if (depth === 0 && ',;'.includes(code[end]!)) break;
  }
  return trim(code, { start, end });
}

/** Where the condition of the `?` at `mark` begins. */
export function conditionBefore(code: string, mark: number): number {
  let depth = 0;
  for (let i = mark - 1; i >= 0; i--) {
    if (CLOSING.has(code[i]!)) depth++;
    else if (PAIRS[code[i]!] !== undefined && depth-- === 0) return i + 1;
    if (depth > 0) continue;
    if (';,:?'.includes(code[i]!)) return i + 1;
    if (code[i] === '=' && !/[=<>!|&+*-]/.test(code[i - 1]!) && code[i + 1] !== '=') return i + 1;
    if (/^return\s/.test(code.slice(i, i + 7)) && /\s/.test(code[i - 1]!)) return i + 'return'.length;
  }
  throw new Error(`no condition before ${mark}`);
}

/** A function, modifier or constructor, with its body. */
export type Unit = { readonly name: string; readonly head: Span; readonly body: Span };

/** All that have a body. */
export function unitsOf(code: string): Unit[] {
  const heads = [...code.matchAll(/\b(?:(?:function|modifier)\s+(\w+)|(constructor))\s*\(/g)];
  return heads.flatMap((match) => {
    const brace = code.indexOf('{', match.index);
    const semicolon = code.indexOf(';', match.index);
    if (brace === -1 || (semicolon !== -1 && semicolon < brace)) return [];
    const head = { start: match.index, end: brace };
    return [{ name: match[1] ?? match[2]!, head, body: bracketAt(code, brace) }];
  });
}

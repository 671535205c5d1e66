import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Kernel } from '../../engine/onnx/lowering.ts';
import type { Recipe } from '../../engine/recipe.ts';
import type { Curve, SwarmCurve } from './curves.ts';

const child = fileURLToPath(new URL('../children/curve.ts', import.meta.url));

/** A curve to measure. */
export type CurveJob = {
  readonly recipe: Recipe;
  /** Of the one machine, or of each member. */
  readonly steps: number;
  /** Members of a swarm; none for one machine. */
  readonly miners?: number;
  /** Where the text is. */
  readonly data: string;
  readonly kernel: Kernel;
};

/** Measures a curve in a process of its own, on one thread. */
export async function curveInProcess(job: CurveJob & { readonly miners: number }): Promise<SwarmCurve>;
export async function curveInProcess(job: CurveJob): Promise<Curve>;
export async function curveInProcess(job: CurveJob): Promise<Curve> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(job)]);
  return JSON.parse(stdout) as Curve;
}

/** Lets up to `atOnce` jobs go on at a time; the others wait in the order in which they came. */
export function createTurns(atOnce: number): <Result>(job: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async (job) => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

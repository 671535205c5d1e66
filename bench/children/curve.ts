// One curve in a process of its own: node bench/children/curve.ts JOB, which is the JSON of a `CurveJob`.
import type { CurveJob } from '../lib/curve-processes.ts';
import { centralCurve, swarmCurve } from '../lib/curves.ts';
import { datasetAt } from '../lib/recipes.ts';

const { recipe, steps, miners, data, kernel } = JSON.parse(process.argv[2]!) as CurveJob;
const executor = { kernel, threads: 1 };
const dataset = await datasetAt(data, recipe.model.context);
const curve =
  miners === undefined
    ? await centralCurve(recipe, steps, { dataset, executor })
    : await swarmCurve(recipe, steps, { dataset, executor, miners });
console.log(JSON.stringify(curve));

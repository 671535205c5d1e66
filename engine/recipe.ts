import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SwarmlockError } from './errors.ts';
import { MAX_CHUNK } from './ops/updates.ts';

const slices = z.union([z.literal(1), z.literal(2)]);
const positive = z.int().positive();
const fraction = z.number().min(0).max(1);
const root = z.string().regex(/^0x[0-9a-f]{64}$/, 'must be 0x and 64 hexadecimal digits');

const model = z.strictObject({
  depth: positive.max(256),
  width: positive,
  heads: positive,
  context: positive.min(2).max(1024),
  vocabulary: positive.min(2).max(2 ** 20),
  mlp: z.enum(['squared-relu', 'swiglu']).default('squared-relu'),
  /** Hidden width of the MLP over the model's width. */
  expansion: positive.max(16).default(4),
});

/**
 * How many 8-bit slices each class of operand is cut into (ARITHMETIC.md); more is finer and slower. The defaults are
 * measured: docs/decisions.md.
 */
const slicing = z.strictObject({
  /** Normalised inputs of linear layers, and the output of attention. */
  activations: slices.default(1),
  /** Between the MLP's layers; every row under its own scale. */
  hidden: slices.default(1),
  weights: slices.default(1),
  /** Of gradients, in the product that makes a weight's gradient. */
  gradients: slices.default(2),
  /** Of gradients, in the product that carries them to the layer before; every row under its own scale. */
  propagated: slices.default(1),
  /** Of a layer's input, in the product that makes the weight's gradient. */
  saved: slices.default(1),
  /** Queries and keys. */
  scores: slices.default(1),
  probabilities: slices.default(2),
  values: slices.default(1),
  attentionGradients: slices.default(2),
  /** All operands of the output head. */
  head: slices.default(2),
});

/** AdamW (Loshchilov and Hutter 2019); its cosine counts the steps of whoever takes them. */
const adamw = z.strictObject({
  name: z.literal('adamw').default('adamw'),
  learningRate: z.number().positive(),
  warmupSteps: z.int().nonnegative().default(0),
  /** Steps over the whole run, for the cosine. */
  steps: positive.max(2 ** 20),
  finalFraction: fraction.default(0.1),
  beta1: fraction.default(0.9),
  beta2: fraction.default(0.95),
  epsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().nonnegative().default(0.1),
});

/** The cosine of an inner optimiser goes by the member's own steps, which start anew with an epoch, or by those of the run. */
const schedule = { schedule: z.literal('run').optional() };

const optimizer = z.discriminatedUnion('name', [
  z.strictObject({ ...adamw.shape, ...schedule }),
  /** Muon for matrices between the embedding and the head, which take AdamW, as vectors do. */
  z.strictObject({
    ...adamw.shape,
    ...schedule,
    name: z.literal('muon'),
    momentum: fraction.default(0.95),
    /** Newton-Schulz steps of the orthogonalisation. */
    iterations: positive.max(10).default(5),
  }),
  /** Plain descent, at one rate. */
  z.strictObject({ name: z.literal('sgd'), learningRate: z.number().positive().default(1) }),
]);

const round = z.strictObject({
  /** Inner steps H of each miner in a round. */
  steps: positive.max(4096),
  /** Equal parts of a round whose end states are committed. */
  segments: positive.max(16),
  /** Rounds after which a miner's local state starts from zero again. */
  epoch: positive.max(64).default(8),
});

/** What is done with the mean of the members' pseudo-gradients. Its state is part of the global state. */
const outer = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd').default('sgd'),
    learningRate: z.number().positive().default(1),
    /** The rate from round `lateFrom` on, counted from 0; both or neither. */
    lateLearningRate: z.number().positive().optional(),
    lateFrom: positive.max(2 ** 20).optional(),
  }),
  z.strictObject({
    name: z.literal('nesterov'),
    learningRate: z.number().positive().default(0.7),
    momentum: fraction.default(0.9),
  }),
  z.strictObject({ ...adamw.shape, name: z.literal('adamw') }),
]);

/** How a pseudo-gradient is made small. */
const compression = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('none') }),
  /** The k largest of each chunk, in two bits each, with error feedback (SparseLoCo). */
  z.strictObject({
    name: z.literal('sparseloco'),
    chunk: positive.max(4096).default(4096),
    k: positive.max(1024).default(64),
    /** What of the feedback remains after a round. */
    decay: fraction.default(0.95),
  }),
]);

/** What stands for all members' pseudo-gradients. */
const aggregation = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('mean') }),
  /** The mean after norms are clipped to their median. */
  z.strictObject({ name: z.literal('clipped-mean') }),
  /** By coordinate, without this fraction of the members at either end. */
  z.strictObject({ name: z.literal('trimmed-mean'), trim: z.number().positive().lt(0.5) }),
  /** CenteredClip from the median; without a radius, one that follows from the members' distances. */
  z.strictObject({
    name: z.literal('centered-clip'),
    iterations: positive.max(64).default(20),
    radius: z.number().positive().optional(),
  }),
]);

const dataset = z.strictObject({
  root,
  tokenizer: z.literal('bytes').default('bytes'),
  trainTokens: positive,
  heldOutTokens: z.int().nonnegative(),
});

const schema = z.strictObject({
  name: z.string().min(1).max(64),
  model,
  /** Sequences per inner step. */
  batch: positive.max(4096),
  slices: slicing.prefault({}),
  /** Of a miner's own steps. */
  optimizer,
  round,
  outer: outer.prefault({}),
  compression: compression.default({ name: 'none' }),
  aggregation: aggregation.default({ name: 'mean' }),
  dataset,
  /** Seed of the initial parameters. */
  seed: root,
});

/** Everything that fixes a run's computation: one JSON document. */
export type Recipe = z.infer<typeof schema>;
export type RecipeInput = z.input<typeof schema>;
export type SliceCounts = Recipe['slices'];
export type Optimizer<Name extends Recipe['optimizer']['name']> = Extract<Recipe['optimizer'], { name: Name }>;
export type Outer<Name extends Recipe['outer']['name']> = Extract<Recipe['outer'], { name: Name }>;

function invalid(message: string, argument: string, cause?: unknown): SwarmlockError {
  return new SwarmlockError(`recipe: ${message}`, {
    code: 'RECIPE_INVALID',
    argument,
    hint: `Correct ${argument} in the recipe; engine/recipe.ts lists every field with its limits.`,
    cause,
  });
}

/** Reads a recipe from JSON text or from an object; fills in defaults. Throws RECIPE_INVALID naming the field. */
export function parseRecipe(source: string | RecipeInput): Recipe {
  let document: unknown = source;
  if (typeof source === 'string') {
    try {
      document = JSON.parse(source);
    } catch (cause) {
      throw invalid(`it is not JSON: ${(cause as Error).message}`, 'the document', cause);
    }
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') || 'the document';
    throw invalid(`${path}: ${issue?.message ?? 'invalid'}`, path, parsed.error);
  }
  checkRelations(parsed.data);
  return parsed.data;
}

function checkRelations(recipe: Recipe): void {
  const { model, round, outer, compression, dataset } = recipe;
  const headWidth = model.width / model.heads;
  if (!Number.isInteger(headWidth) || headWidth % 2 !== 0) {
    throw invalid(`width ${model.width} must be an even multiple of heads ${model.heads}`, 'model.heads');
  }
  if (round.steps % round.segments !== 0) {
    throw invalid(`${round.steps} steps do not divide into ${round.segments} segments`, 'round.segments');
  }
  if (outer.name === 'sgd' && (outer.lateLearningRate === undefined) !== (outer.lateFrom === undefined)) {
    throw invalid('lateLearningRate and lateFrom belong together', 'outer.lateFrom');
  }
  if (compression.name === 'sparseloco') checkChunks(compression);
  if (dataset.tokenizer === 'bytes' && model.vocabulary !== 256) {
    throw invalid('byte tokens need a vocabulary of 256', 'model.vocabulary');
  }
  if (dataset.trainTokens <= model.context) {
    throw invalid(
      `${dataset.trainTokens} tokens are no more than one context of ${model.context}`,
      'dataset.trainTokens',
    );
  }
}

/** What `topkOfChunks` can rank: one row, or rows of 1,024 whose largest fit in one. */
function checkChunks({ chunk, k }: { readonly chunk: number; readonly k: number }): void {
  const rows = Math.ceil(chunk / MAX_CHUNK);
  if (rows > 1 && chunk % MAX_CHUNK !== 0) {
    throw invalid(`a chunk of ${chunk} is above ${MAX_CHUNK} and no multiple of it`, 'compression.chunk');
  }
  if (k > chunk || (rows > 1 && rows * k > MAX_CHUNK)) {
    throw invalid(`${k} of ${chunk} elements cannot be ranked`, 'compression.k');
  }
}

/** JSON with sorted keys and no spaces: one text for one recipe. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** SHA-256 of the recipe as canonical JSON, defaults filled in. */
export function recipeRoot(recipe: Recipe): `0x${string}` {
  return `0x${createHash('sha256').update(canonical(recipe)).digest('hex')}`;
}

/** Throws RECIPE_ROOT_MISMATCH unless the recipe is the one that a run was created with. */
export function requireRecipeRoot(recipe: Recipe, expected: string): void {
  const actual = recipeRoot(recipe);
  if (actual === expected) return;
  throw new SwarmlockError(`the recipe hashes to ${actual}, but the run was created with ${expected}`, {
    code: 'RECIPE_ROOT_MISMATCH',
    argument: 'recipe',
    hint: 'Use the recipe file that was published with the run.',
  });
}

/** Tokens that one miner trains on in a round. */
export function tokensPerRound({ round, batch, model }: Recipe): number {
  return round.steps * batch * model.context;
}

/** Tokens that one miner trains on in a segment of a round. */
export function tokensPerSegment(recipe: Recipe): number {
  return tokensPerRound(recipe) / recipe.round.segments;
}

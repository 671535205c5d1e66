import { decodeFunctionData, formatEther, hexToBytes, type Address } from 'viem';

import { parseRecipe } from '../../engine/recipe.ts';
import { decodeNode } from '../../engine/graph/descriptor.ts';
import { gameAbi, stakeManagerAbi } from '../../sdk/abi/index.ts';
import type { Commitment } from '../../sdk/round.ts';
import type { PlayedGame, Turn } from '../../sdk/game-events.ts';
import { openArena, RUN, type Arena } from './arena.ts';
import { lieAboutSlot, lyingWitness, type Edit } from './lies.ts';
import { claimRound, playMatch } from './match.ts';
import { readGames, type ToldGame } from './narrator.ts';
import { playFalsely } from './round.ts';
import { bitsAt, bitsText, count } from './tell.ts';

/** What the example is about: as little as has all that a model needs, so that it is played in seconds. */
const text = Array.from({ length: 120 }, (_, i) => `${i} times ${i} makes ${i * i}.\n`).join('');
const model = { depth: 1, width: 16, heads: 2, context: 8, vocabulary: 256 } as const;
const SLOT = 'head';
const ELEMENT = 1_500;
const spoil: Edit = (data) => void (data[ELEMENT]! += 1 / 16);

/** Lines of Markdown: one game from the claim to the verdict. Every hash is what the contracts and the engine gave. */
export async function exampleLines(): Promise<readonly string[]> {
  const arena = await openArena({
    text,
    context: model.context,
    recipe: ({ root, train, heldOut }) =>
      parseRecipe({
        name: 'worked example',
        model,
        batch: 2,
        optimizer: { learningRate: 3e-3, warmupSteps: 5, steps: 100 },
        round: { steps: 8, segments: 2, epoch: 2 },
        dataset: { root, trainTokens: train.length, heldOutTokens: heldOut.length },
        seed: `0x${'07'.repeat(32)}`,
      }),
  });
  const round = await playFalsely(arena, (end) => spoil(end.tensors.get(SLOT)!));
  const claimed = await claimRound(arena, round.commitment);
  const lie = lieAboutSlot(round.program, SLOT, spoil);
  const before = await stakesOf(arena);
  const cheat = lyingWitness(round.honest, arena.recipe.round.steps - 1, () => lie);
  const { played } = await playMatch(arena, claimed, { claimant: cheat, challenger: round.honest });
  const after = await stakesOf(arena);
  const [game] = await readGames(arena.chain.client, arena.chain.deployment, RUN);
  const lines = [
    ...claimLines(arena, claimed.word, round.commitment),
    ...gameLines(game!, played),
    ...(await proofLines(arena, game!)),
    ...moneyLines(game!, before, after),
  ];
  await Promise.all([round.close(), arena.close()]);
  return lines;
}

function claimLines({ recipe, programs, miner, challenger, seed }: Arena, word: string, claim: Commitment): string[] {
  const { steps, segments } = recipe.round;
  const about = `a decoder with one layer of width ${model.width}, ${steps} steps in ${segments} segments`;
  return [
    `The run trains ${about}. Its miner is \`${miner}\`. After the last step it has added 1/16 to one number of the output`,
    `head, element ${count(ELEMENT)}, and it claims what follows.`,
    '',
    ...table({
      'program of a step': programs.training,
      'seed of the batches': seed,
      'state at the start': claim.startRoot,
      'after step 4': claim.segmentRoots[0]!,
      'after step 8': claim.segmentRoots[1]!,
      payload: claim.payloadRoot,
      'the claim, hashed': word,
    }),
    '',
    `\`${challenger}\` has taken the same steps and ended in another state. The moves, with their gas:`,
    '',
  ];
}

function gameLines({ moves, end }: ToldGame, { turns }: PlayedGame): string[] {
  const lines = moves.flatMap((move, at) => {
    const who = move.side === 'claimant' ? 'the miner' : 'the challenger';
    // The announcement leads to no position.
    const facts = at === 0 ? {} : factsOf(turns[at - 1], turns[at - 2]);
    const details = Object.keys(facts).length === 0 ? [] : ['', ...table(facts), ''];
    return [
      `${at + 1}. **${who}** (\`${move.move}\`, ${count(move.gas)}) ${move.text}${details.length > 0 ? ':' : ''}`,
      ...details.map((line) => (line === '' ? '' : `   ${line}`)),
    ];
  });
  const total = moves.reduce((sum, { gas }) => sum + gas, 0);
  return [
    ...lines,
    '',
    `The claim is void by the rule "${end?.reason}", after ${moves.length} moves and ${count(total)} gas.`,
    '',
  ];
}

/** The final check by hand: the node only subtracts, element by element. */
async function proofLines({ chain }: Arena, { moves }: ToldGame): Promise<string[]> {
  const { input } = await chain.client.getTransaction({ hash: moves.at(-1)!.transaction });
  const call = decodeFunctionData({ abi: gameAbi, data: input });
  if (call.functionName !== 'prove') throw new RangeError('the example does not end with a proof');
  const [, , , descriptor, leaf, element, { operands }] = call.args;
  const { op, type, inputs } = decodeNode(hexToBytes(descriptor));
  const valueIn = (data: `0x${string}`) => bitsText(type.dtype, bitsAt(type.dtype, hexToBytes(data), Number(element)));
  const shown = operands.map(({ leaves }, i): [string, string] => {
    const ref = inputs[i]!;
    const from = ref.kind === 'input' ? `place ${ref.place} of the state` : `${ref.kind} ${ref.index}`;
    return [`operand ${i + 1}, ${from}`, valueIn(leaves[0]!.data)];
  });
  return [
    `The last transaction carries a leaf of each operand of the \`${op}\`, with its path to a root that both sides agree on.`,
    'The numbers at the disputed place:',
    '',
    ...table(Object.fromEntries([...shown, ['claimed', valueIn(leaf)]])),
    '',
  ];
}

/** What a move has brought to light: the hashes that the next one answers. */
function factsOf(turn: Turn | undefined, before: Turn | undefined): Record<string, string> {
  if (turn === undefined) return {};
  const { position, children, marks } = turn;
  const last = before?.position;
  return {
    ...(last === undefined ? { 'it starts in': position.start, 'the miner ends it in': position.finish } : {}),
    ...(marks === undefined ? {} : { 'marks, hashed': position.marks }),
    ...(position.trace === last?.trace || last === undefined
      ? {}
      : { 'it starts in': position.start, 'its trace': position.trace }),
    ...(position.node === last?.node || position.stage !== 'tensor'
      ? {}
      : { 'its descriptor, hashed': position.descriptor }),
    ...(position.subtree === last?.subtree || last === undefined ? {} : { [subtreeName(turn)]: position.subtree }),
    ...(children === undefined ? {} : { 'the first one': children[0]!, 'the last one': children.at(-1)! }),
  };
}

function subtreeName({ position: { stage } }: Turn): string {
  if (stage === 'tensor') return "the node's tensor";
  if (stage === 'leaf') return 'the leaf';
  return stage === 'chooseNodes' || stage === 'chooseChunks' ? 'the whole tree' : 'the subtree';
}

type Stakes = { readonly miner: bigint; readonly challenger: bigint };

async function stakesOf({ chain, miner, challenger }: Arena): Promise<Stakes> {
  const { client, deployment } = chain;
  const of = async (account: Address): Promise<bigint> => {
    const query = {
      address: deployment.stake,
      abi: stakeManagerAbi,
      functionName: 'accountOf',
      args: [account],
    } as const;
    const { free, locked } = await client.readContract(query);
    return free + locked;
  };
  return { miner: await of(miner), challenger: await of(challenger) };
}

function moneyLines({ end }: ToldGame, before: Stakes, after: Stakes): string[] {
  const row = (who: keyof Stakes) => `| the ${who} | ${tokens(before[who])} | ${tokens(after[who])} |`;
  return [
    '| stake, in tokens | before | after |',
    '| ---------------- | ------ | ----- |',
    row('miner'),
    row('challenger'),
    '',
    `Of the bond of 10, ${tokens(end!.won)} went to the challenger and ${tokens(end!.burned)} to nobody.`,
  ];
}

function tokens(amount: bigint): string {
  return formatEther(amount);
}

/** A block of names and hashes. */
function table(rows: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  return ['```', ...Object.entries(rows).map(([name, hash]) => `${name.padEnd(width)}  ${hash}`), '```'];
}

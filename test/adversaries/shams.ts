import { expect } from 'chai';
import { keccak256, toHex } from 'viem';

import { trainingProgram } from '../../engine/programs.ts';
import { descriptorOf } from '../../engine/evidence.ts';
import type { Rule } from '../../workers/lib/game/facts.ts';
import { firstDemandOf } from '../../workers/lib/game/demand.ts';
import { claimRound, feeFor, openingOf } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import { expectUpheld, honestRound, stageDispute, worldForTests, type Casting } from '../helpers/adversaries/stage.ts';
import { refused } from '../helpers/adversaries/refusals.ts';
import { SMALL } from '../helpers/adversaries/world.ts';
import { announce, openGame } from '../../sdk/game-moves.ts';
import { secretOf } from '../../sdk/game.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

const program = trainingProgram(tinyRecipe(SMALL));
const kinds = [...new Set(program.nodes.flatMap((node) => node?.op ?? []))];

describe('a challenge of an honest claim', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  const play = async (
    scenario: string | undefined,
    challenger: Casting['challenger'],
    marks?: readonly `0x${string}`[],
  ) => {
    const claimed = await honestRound(stage());
    const casting = { claimed, challengerKnows: knowledgeOf(claimed), ...(challenger && { challenger }) };
    const dispute = { subject: 'segment', segment: 0, ...(marks && { marks }) } as const;
    return stageDispute(stage(), { ...casting, dispute, ...(scenario && { scenario }) });
  };

  for (const op of kinds) {
    it(`loses by an element of ${op}, which the referee finds right`, async () => {
      const node = program.nodes.findLastIndex((one) => one?.op === op);
      expectUpheld(
        await play(`sham: a right element of \`${op}\``, aimAt({ node, element: 1 % sizeOf(node) })),
        'element',
      );
    });
  }

  it('loses by naming padding of the trace, which is empty', async () => {
    const node = program.nodes.indexOf(null);
    expectUpheld(await play('sham: padding of the trace', aimAt({ node })), 'padding');
  });

  it('loses by naming padding of a tensor, which is empty', async () => {
    const node = program.nodes.findIndex((one) => one?.type.dtype === 'f32' && isOfThreeLeaves(one.type.shape));
    expectUpheld(await play('sham: padding of a tensor', aimAt({ node, leaf: 3 })), 'padding');
  });

  for (const wrong of [[0], [1], [2], [0, 1, 2], [1, 2]]) {
    it(`loses with false marks at ${wrong.join(' and ')}: the claimant takes the first part that it contests`, async () => {
      const { roots } = await honestRound(stage());
      const marks = roots.slice(1, 4).map((root, at) => (wrong.includes(at) ? keccak256(toHex(`mark ${at}`)) : root));
      const scenario = `sham: false marks at ${wrong.join(', ')} of 3`;
      const result = await play(scenario, aimAt({ node: 500 }), marks);
      expectUpheld(result, 'element');
      expect(result.played.turns[1]!.position.first).to.equal(wrong[0]);
    });
  }

  it('is refused where it gives padding a descriptor, or says that a node is padding', async () => {
    const padding = program.nodes.indexOf(null);
    for (const node of [padding, padding - 1]) {
      const other = node === padding ? descriptorOf(program, 0) : '0x';
      const { chooseNodes } = aimAt({ node });
      const lying: Rule = (facts) => {
        const choice = chooseNodes!(facts);
        return choice?.type === 'pickNode' ? { ...choice, descriptor: other } : choice;
      };
      const snapshot = await stage().request('evm_snapshot');
      const result = await play(undefined, { chooseNodes: lying });
      expect(result.refusals).to.deep.equal(['NotUnderRoot']);
      expectUpheld(result, 'clock');
      await stage().request('evm_revert', [snapshot]);
    }
  });

  it('is refused where it says that the size is wrong, and it is not', async () => {
    const world = stage();
    const claimed = await honestRound(world);
    const claim = await claimRound(world, claimed);
    const by = world.others[0]!;
    const opening = openingOf(world, knowledgeOf(claimed), claim, { subject: 'size' });
    await world.send(by, announce(world.deployment, secretOf(by, claim.word, opening)));
    const value = await feeFor(world, by, firstDemandOf(opening));
    const call = openGame(world.deployment, opening, claim.target, world.programs, value);
    await refused('NothingDisputed', world.attempt(by, call));
  });
});

function sizeOf(node: number): number {
  return program.nodes[node]!.type.shape.reduce((product, extent) => product * extent, 1);
}

function isOfThreeLeaves(shape: readonly number[]): boolean {
  return shape.length === 2 && shape[0] === 3 && shape[1] === 256;
}

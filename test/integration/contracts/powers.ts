import { expect } from 'chai';
import type { Abi } from 'viem';

import * as abis from '../../../sdk/abi/index.ts';

/** What a key could hold over a run, if a contract let it. */
const POWER = /owner(ship)?\b|admin|pause|upgrade|govern|role|guardian|rescue|sweep|setfee|blacklist|initialize/i;

/** Functions that carry such a word and are none: they read who owns a node, or where the shares are. */
const HARMLESS = new Set(['ownerOf', 'ownership', 'seatOfOwner']);

/** Functions that write, by contract: a new one is a new power and belongs in this list knowingly. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  claims: ['challenge', 'forfeit', 'post', 'release', 'releaseChallenge', 'uphold', 'void'],
  credits: [
    ...['approve', 'claim', 'claimTo', 'onShareTransfer', 'permit', 'register', 'spend', 'transfer', 'transferFrom'],
    ...['withdrawServed', 'distribute', 'claimRoyalties'],
  ],
  creditsFactory: ['create'],
  game: [
    ...['abandon', 'announce', 'answerMarks', 'answerStart', 'answerTrace', 'mark', 'openDrawn', 'openLeaf'],
    ...['openOnAggregate', 'openOnToken', 'openOnVerdict', 'openOnWork', 'openTensor', 'pick', 'pickNode'],
    ...['prove', 'split', 'timeOut', 'withdraw'],
  ],
  market: ['cancel', 'place', 'take', 'withdraw'],
  ownership: [
    ...['accrue', 'claimShares', 'claimVerdictShares', 'enroll', 'forfeit', 'forfeitVerdict', 'onFrozen'],
    ...['onRestored', 'onVoided', 'open', 'registerState'],
  ],
  availability: ['attest', 'leaveOutFeedback', 'open', 'publish', 'reportUnserved'],
  protocol: [],
  receipts: ['end', 'pledge'],
  referee: [],
  rules: [],
  runLens: [],
  runs: [
    ...['claimAggregate', 'commit', 'conclude', 'createRun', 'join', 'leave', 'onFrozen', 'onRestored', 'onVoided'],
    ...['tick'],
  ],
  sessions: ['close', 'open', 'openFor', 'pull', 'refund', 'registerRoute', 'settle', 'topUp'],
  shareToken: ['approve', 'delegate', 'delegateBySig', 'mint', 'permit', 'transfer', 'transferFrom'],
  shareTokenFactory: ['create'],
  stakeManager: [
    ...[
      'burn',
      'burnLocked',
      'deposit',
      'depositWithPermit',
      'lock',
      'setNode',
      'slash',
      'startUnbonding',
      'unlock',
      'withdraw',
    ],
  ],
  verdicts: ['report', 'reportAbsent', 'reveal', 'seal'],
};

/** Functions that take ether, by contract: the challenger pays for the answers that it demands. */
const PAYABLE: Readonly<Record<string, readonly string[]>> = {
  game: ['mark', 'openOnAggregate', 'openOnToken', 'openOnVerdict', 'openOnWork', 'pick', 'pickNode'],
};

const functionsOf = (abi: Abi) => abi.filter((item) => item.type === 'function');

describe('what no key can do', () => {
  for (const [name, writes] of Object.entries(WRITES)) {
    const abi = functionsOf(abis[`${name}Abi` as keyof typeof abis] as Abi);

    it(`${name} has the writing functions it is known for, and no other`, () => {
      const found = abi.filter(({ stateMutability }) => !['view', 'pure'].includes(stateMutability));
      expect(found.map((item) => item.name).sort()).to.deep.equal([...writes].sort());
    });

    it(`${name} has no function of an owner`, () => {
      expect(abi.filter((item) => POWER.test(item.name) && !HARMLESS.has(item.name))).to.deep.equal([]);
    });

    it(`${name} takes ether for a demand of the game, and for nothing else`, () => {
      const found = abi.filter(({ stateMutability }) => stateMutability === 'payable');
      expect(found.map((item) => item.name).sort()).to.deep.equal(PAYABLE[name] ?? []);
    });
  }
});

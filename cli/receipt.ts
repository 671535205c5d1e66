import { Command, Option } from 'commander';

import { parseClaimId } from '../sdk/claims.ts';
import { connect } from '../sdk/client.ts';
import { readDeployment } from '../sdk/deployment-file.ts';
import { readTokenClaim, type SignedReceipt } from '../sdk/receipts.ts';
import { readParameters } from '../sdk/run.ts';
import { loadWeights } from '../workers/gateway/weights.ts';
import { folderBlobs } from '../workers/lib/folder-blobs.ts';
import { createLog } from '../workers/lib/log.ts';
import { openModel } from '../workers/lib/model.ts';
import { readReceipt, requireRightAnswer } from '../workers/lib/recompute-answer.ts';

type Options = {
  readonly rpcUrl: string;
  readonly chainId: string;
  readonly deployment: string;
  readonly recipe: string;
  readonly blobs: string;
  readonly json: boolean;
};

/** `swarmlock receipt`: whether the model gives the answer that a gateway has signed. */
export function receiptCommand(print: (line: string) => void): Command {
  return new Command('receipt')
    .summary('whether the model gives the answer that a gateway has signed')
    .description(
      'Holds a receipt against the chain and recomputes its answer from the settled state. Ends with 1 when the contract ' +
        'would not take it, or a token is wrong; a challenger takes such a receipt to the game.',
    )
    .argument('<file>', 'the receipt as the gateway has sent it, in JSON')
    .addOption(needed('--rpc-url <url>', 'a node of the chain'))
    .addOption(needed('--chain-id <id>', 'of the chain'))
    .addOption(needed('--deployment <file>', 'with the addresses of the contracts'))
    .addOption(needed('--recipe <file>', 'of the run'))
    .addOption(needed('--blobs <folder>', 'where the settled states are'))
    .option('--json', 'print one JSON object', false)
    .action(async (file: string, options: Options) => {
      const tokens = await check(await readReceipt(file), options);
      print(options.json ? JSON.stringify({ isRight: true, tokens }) : `All ${tokens} tokens are right.`);
    });
}

function needed(flags: string, description: string): Option {
  return new Option(flags, description).makeOptionMandatory();
}

/** How many tokens were recomputed. @throws RECEIPT_WRONG, CONTRACT_REVERTED, and what opening the run throws */
async function check(receipt: SignedReceipt, options: Options): Promise<number> {
  const client = await connect({ rpcUrl: options.rpcUrl, chainId: Number(options.chainId) });
  const deployment = await readDeployment(options.deployment, client);
  const parameters = await readParameters(client, deployment, parseClaimId(receipt.pledge).runId);
  const compute = { recipe: options.recipe, provider: 'cpu', threads: 1, reserve: 0n } as const;
  const model = await openModel(compute, parameters);
  try {
    await readTokenClaim(client, deployment, { receipt, index: 0 }, model.recipe.model.context);
    const log = createLog({ name: 'receipt', level: 'silent', secrets: [] });
    const weights = await loadWeights(model, folderBlobs(options.blobs, log), receipt.root);
    return await requireRightAnswer(model, weights, receipt);
  } finally {
    await model.close();
  }
}

import type { HardhatUserConfig } from 'hardhat/config';
import type { HardhatPlugin } from 'hardhat/types/plugins';

/** What is switched off in the chains of this process: a coinbase. It may change between two tests. */
export const selected: { coinbase: string | undefined } = { coinbase: undefined };

/** Chains whose blocks have the coinbase that is selected when they start, for contracts of any size. */
const mutants: HardhatPlugin = {
  id: 'mutants',
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        extendUserConfig: async (config, next) => next(unlimited(config)),
      }),
    }),
    network: async () => ({
      default: async () => ({
        async newConnection(context, next) {
          const connection = await next(context);
          if (selected.coinbase !== undefined) {
            await connection.provider.request({ method: 'hardhat_setCoinbase', params: [selected.coinbase] });
            // A call reads the last block, which has to have it.
            await connection.provider.request({ method: 'hardhat_mine' });
          }
          return connection;
        },
      }),
    }),
  },
};

function unlimited(config: HardhatUserConfig): HardhatUserConfig {
  const simulated = { type: 'edr-simulated', allowUnlimitedContractSize: true } as const;
  const networks = Object.entries({ default: simulated, ...config.networks }).map(([name, network]) => [
    name,
    network.type === 'edr-simulated' ? { ...network, allowUnlimitedContractSize: true } : network,
  ]);
  return { ...config, networks: Object.fromEntries(networks) as NonNullable<HardhatUserConfig['networks']> };
}

export default mutants;

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Generated } from './generate.ts';
import type { Load } from './scheduler.ts';

/** What is told of one request, in seconds since it came where it is a time. */
export type RequestMetrics = {
  token(): void;
  finished(generated: Generated): void;
};

/** Under the names of vLLM, so that its dashboards fit. */
export type Metrics = {
  readonly contentType: string;
  text(): Promise<string>;
  /** A request of so many tokens has come. */
  request(promptTokens: number): RequestMetrics;
};

const SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.5, 5, 10, 20, 40, 80];

export function createMetrics(modelName: string, load: () => Load): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ model_name: modelName });
  const registers = [registry];
  const gauge = (name: string, help: string, value: (now: Load) => number) =>
    new Gauge({
      name: `vllm:${name}`,
      help,
      registers,
      collect() {
        this.set(value(load()));
      },
    });
  const counter = (name: string, help: string) => new Counter({ name: `vllm:${name}`, help, registers });
  const seconds = (name: string, help: string) =>
    new Histogram({ name: `vllm:${name}`, help, registers, buckets: SECONDS });
  gauge('num_requests_running', 'Requests that are in a slot of the decoder.', ({ running }) => running);
  gauge('num_requests_waiting', 'Requests that wait for a slot.', ({ waiting }) => waiting);
  gauge('kv_cache_usage_perc', 'Part of the key-value cache in use; 1 is all of it.', ({ cache }) => cache);
  const prompts = counter('prompt_tokens_total', 'Tokens of prompts.');
  const generations = counter('generation_tokens_total', 'Tokens that were decoded.');
  const firstToken = seconds('time_to_first_token_seconds', 'From a request to its first token.');
  const betweenTokens = seconds('inter_token_latency_seconds', 'Between two tokens of a request.');
  const whole = seconds('e2e_request_latency_seconds', 'From a request to its last token.');
  const successes = new Counter({
    name: 'vllm:request_success_total',
    help: 'Requests that were answered in full.',
    labelNames: ['finished_reason'],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(promptTokens) {
      const started = performance.now();
      let last: number | undefined;
      prompts.inc(promptTokens);
      return {
        token() {
          const now = performance.now();
          if (last === undefined) firstToken.observe((now - started) / 1e3);
          else betweenTokens.observe((now - last) / 1e3);
          last = now;
          generations.inc();
        },
        finished({ finish }) {
          whole.observe((performance.now() - started) / 1e3);
          successes.inc({ finished_reason: finish });
        },
      };
    },
  };
}

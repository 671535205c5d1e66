import { decodeLine, FIRST_RESULT, resultType } from '../ops/line.ts';
import { constantInfo, MAX_I32 } from '../ops/operator.ts';
import { typeOf } from './derived.ts';
import { alignOutputs, type Node, type Program, type Ref } from './program.ts';

/** The program before `fuse`: one node for each instruction of a fused one. Only the order of its nodes may be another. */
export function expand(program: Program): Program {
  const { outputStart } = program;
  const nodes: Node[] = [];
  const places = new Map<number, number>();
  const sofar = { ...program, nodes };
  const renumbered = (node: Node): Node => {
    const inputs = node.inputs.map((ref): Ref =>
      ref.kind === 'node' ? { kind: 'node', index: places.get(ref.index)! } : ref,
    );
    return { ...node, inputs };
  };
  program.nodes.slice(0, outputStart).forEach((node, index) => {
    if (node === null) return;
    pushParts(sofar, renumbered(node));
    places.set(index, nodes.length - 1);
  });
  const outputs = program.nodes.slice(outputStart).map((node) => node && renumbered(node));
  return { ...program, ...alignOutputs(nodes, outputs) };
}

type Unfinished = Pick<Program, 'constants' | 'inputs'> & { readonly nodes: Node[] };

/** Appends the nodes that compute what one does. */
function pushParts(program: Unfinished, node: Node): void {
  const { nodes } = program;
  if (node.op === 'reduce_absmax') {
    const type = typeOf(program, node.inputs[0]!);
    nodes.push({ op: 'abs', attributes: [], inputs: node.inputs, type });
    nodes.push({ ...node, op: 'reduce_max', inputs: [{ kind: 'node', index: nodes.length - 1 }] });
  } else if (node.op === 'fused') pushLine(program, node);
  else nodes.push(node);
}

function pushLine(program: Unfinished, { attributes, inputs, type: { shape } }: Node): void {
  const first = program.nodes.length;
  for (const instruction of decodeLine(attributes)) {
    const refs = instruction.sources.map((source): Ref =>
      source < FIRST_RESULT ? inputs[source]! : { kind: 'node', index: first + source - FIRST_RESULT },
    );
    const dtype = resultType(instruction);
    const part = { op: instruction.operator.name, attributes: [], inputs: refs, type: { dtype, shape } };
    const bound = refs.reduce((sum, ref) => sum + boundOf(program, ref), 0);
    program.nodes.push(dtype === 'i32' ? { ...part, bound } : part);
  }
}

function boundOf({ nodes, constants }: Unfinished, ref: Ref): number {
  if (ref.kind === 'node') return nodes[ref.index]!.bound ?? MAX_I32;
  return (ref.kind === 'constant' ? constantInfo(constants[ref.index]!).bound : undefined) ?? MAX_I32;
}

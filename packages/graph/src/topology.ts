import { UsageError } from '@sonde/base';
import type { ConnectionRule } from './connection-rule.ts';

/** What the connecting needs to know of a component. */
export interface Node {
  readonly name: string;
  readonly outputPorts: readonly { readonly name: string }[];
  /** `many`: `in0`, `in1`, …, as many as are connected; `one`: `in`. */
  readonly inputs: 'none' | 'one' | 'many';
}

export interface OutputEnd {
  readonly node: Node;
  readonly port: string;
}

/** Input port name → what is connected to it, in order of connection. */
export type Connections = ReadonlyMap<Node, ReadonlyMap<string, OutputEnd>>;

/**
 * Connects every output port by the first rule that fits and whose downstream component has a free input port.
 * @throws UsageError `not-connected`: an output port without a fitting rule, or an input without an upstream;
 *   `connection-cycle`; `unused-connection`: a rule that names no component at all.
 */
export function connectPorts(
  nodes: readonly Node[],
  rules: readonly ConnectionRule[],
): Connections {
  for (const rule of rules) checkRuleNamesSomething(rule, nodes);
  const connections = new Map<Node, Map<string, OutputEnd>>(nodes.map((node) => [node, new Map()]));
  for (const node of nodes) {
    for (const { name: port } of node.outputPorts) {
      const input = findInput({ node, port }, nodes, rules, connections);
      if (input === undefined) {
        throw new UsageError(
          'not-connected',
          `No connection rule fits output port "${port}" of component ${node.name}, or the input ports it may go to are taken.`,
        );
      }
      connections.get(input.node)!.set(input.port, { node, port });
    }
  }
  for (const node of nodes) {
    if (node.inputs === 'one' && connections.get(node)!.size === 0) {
      throw new UsageError(
        'not-connected',
        `Nothing is connected to the input of component ${node.name}.`,
      );
    }
    rejectCycle(node, connections, []);
  }
  return connections;
}

function findInput(
  output: OutputEnd,
  nodes: readonly Node[],
  rules: readonly ConnectionRule[],
  connections: Connections,
): OutputEnd | undefined {
  for (const rule of rules) {
    if (!rule.upstream.matches(output.node.name) || !rule.upstreamPort.matches(output.port))
      continue;
    for (const node of nodes) {
      if (!rule.downstream.matches(node.name)) continue;
      const port = freeInput(node, connections.get(node)!);
      if (port !== undefined && rule.downstreamPort.matches(port)) return { node, port };
    }
  }
  return undefined;
}

/** Muxers get a new port each time one is connected, so there is always exactly one free. */
function freeInput(node: Node, taken: ReadonlyMap<string, OutputEnd>): string | undefined {
  if (node.inputs === 'none') return undefined;
  if (node.inputs === 'many') return `in${taken.size}`;
  return taken.size === 0 ? 'in' : undefined;
}

function checkRuleNamesSomething(rule: ConnectionRule, nodes: readonly Node[]): void {
  for (const glob of [rule.upstream, rule.downstream]) {
    if (nodes.some((node) => glob.matches(node.name))) continue;
    throw new UsageError(
      'unused-connection',
      `Connection "${rule.text}": there is no component named ${glob.pattern}.`,
    );
  }
}

function rejectCycle(node: Node, connections: Connections, path: readonly Node[]): void {
  if (path.includes(node)) {
    const names = [...path.slice(path.indexOf(node)), node].map((n) => n.name).reverse();
    throw new UsageError('connection-cycle', `Components form a cycle: ${names.join(' → ')}.`);
  }
  for (const { node: upstream } of connections.get(node)!.values()) {
    rejectCycle(upstream, connections, [...path, node]);
  }
}

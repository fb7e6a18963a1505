// Which package may import which: down the table only. DESIGN: tiers; checked by `npm run check`.
import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';

/** One row per package under packages/. A package imports packages of lower tiers only. */
const tierOf = {
  base: 0,
  'trace-model': 1,
  filter: 2,
  ctf: 2,
  graph: 2,
  ftrace: 2,
  ebpf: 2,
  components: 3,
  'linux-model': 3,
  analyses: 4,
  'tracer-kernel': 4,
  'latency-tracker': 5,
  cli: 6,
};
/** For tests only: below everything but what it helps to build. */
const testkitMayImport = ['base', 'trace-model', 'ctf'];
/** Tiers up to this one run anywhere: no `node:` module, I/O comes in through ports. */
const lastPortableTier = 2;
/** What they are about is the running kernel: packages of these tiers that can't be portable. */
const native = ['ebpf'];

const packages = readdirSync('packages');
const problems = [];
for (const name of packages) {
  if (!(name in tierOf) && name !== 'testkit') {
    problems.push(`packages/${name} is not in the table of tools/layers.mjs.`);
  }
}
for (const name of Object.keys(tierOf)) {
  if (!packages.includes(name)) problems.push(`tools/layers.mjs names packages/${name}: missing.`);
}

const { output } = await cruise(
  packages.map((name) => `packages/${name}/src`),
  { ruleSet: { forbidden: rules() }, validate: true, doNotFollow: { path: 'node_modules' } },
  {
    conditionNames: ['@sonde/source', 'import', 'default'],
    exportsFields: ['exports'],
    extensions: ['.ts', '.js'],
  },
);

const modules = output.modules.filter((module) => module.source.startsWith('packages/'));
for (const name of packages) {
  if (!modules.some((module) => module.source.startsWith(`packages/${name}/src/`))) {
    problems.push(`packages/${name}/src: no module was seen.`);
  }
}
for (const { rule, from, to } of output.summary.violations) {
  problems.push(`${rule.name}: ${from} → ${to}`);
}
for (const problem of problems) console.log(problem);
console.log(`layers: ${modules.length} modules in ${packages.length} packages`);
process.exitCode = problems.length > 0 || modules.length === 0 ? 1 : 0;

function rules() {
  return [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'one-door-per-package',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/src/(?!index\\.ts$)', pathNot: '^packages/$1/' },
    },
    {
      name: 'no-node-module-in-portable-tier',
      severity: 'error',
      from: { path: `^packages/(${portable().join('|')})/src/` },
      to: { dependencyTypes: ['core'] },
    },
    ...Object.keys(tierOf).map((name) => layerRule(name, lowerThan(tierOf[name]))),
    layerRule('testkit', testkitMayImport),
  ];
}

function layerRule(name, mayImport) {
  return {
    name: `layer-of-${name}`,
    severity: 'error',
    from: { path: `^packages/${name}/src/` },
    to: { path: '^packages/', pathNot: `^packages/(${[name, ...mayImport].join('|')})/` },
  };
}

function lowerThan(tier) {
  return Object.keys(tierOf).filter((name) => tierOf[name] < tier);
}

function portable() {
  return Object.keys(tierOf).filter(
    (name) => tierOf[name] <= lastPortableTier && !native.includes(name),
  );
}

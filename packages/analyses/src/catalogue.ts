import type { Analysis } from './analysis.ts';
import { cputop } from './cputop.ts';
import { iolatencyfreq, iolatencystats, iolatencytop, iolog, iousagetop } from './io.ts';
import { irqfreq, irqlog, irqstats, irqtop } from './irq.ts';
import { memtop } from './memtop.ts';
import { memusage } from './memusage.ts';
import { migrationlog, migrationtop } from './migrations.ts';
import { schedfreq, schedlog, schedstats, schedtop } from './sched.ts';
import { syscallstats } from './syscallstats.ts';

export type Catalogue = readonly Analysis[];

/** Every analysis over the Linux model, in the order that `sonde analyses` lists them. */
export const catalogue: Catalogue = [
  cputop,
  memtop,
  iousagetop,
  iolatencytop,
  iolatencystats,
  iolatencyfreq,
  iolog,
  irqstats,
  irqtop,
  irqfreq,
  irqlog,
  schedtop,
  schedstats,
  schedfreq,
  schedlog,
  syscallstats,
  memusage,
  migrationtop,
  migrationlog,
];

export function findAnalysis(name: string): Analysis | undefined {
  return catalogue.find((analysis) => analysis.name === name);
}

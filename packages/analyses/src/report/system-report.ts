/** `sonde report`: all sections in one pass, a report per machine. */

import type { FilterExpression } from '@sonde/filter';
import { type Host, lacksOf } from '@sonde/linux-model';
import type { Trace } from '@sonde/trace-model';
import type {
  Analysis,
  AnalysisOptions,
  Period,
  Reducer,
  ReducerContext,
  SegmentHandlers,
} from '../analysis.ts';
import type { Losses } from '../losses.ts';
import { AnalysisRun } from '../run.ts';
import type { TimeRange } from '../table.ts';
import { cpuSection } from './cpu-section.ts';
import { diskSection } from './disk-section.ts';
import { fileSection } from './file-section.ts';
import { interruptSection } from './interrupt-section.ts';
import { memorySection } from './memory-section.ts';
import { networkSection } from './network-section.ts';
import { schedulingSection } from './scheduling-section.ts';
import type { Finding, Section, SectionReducer, SectionReport } from './section.ts';
import { systemCallSection } from './syscall-section.ts';

const sections: readonly Section[] = [
  cpuSection,
  schedulingSection,
  systemCallSection,
  fileSection,
  diskSection,
  networkSection,
  interruptSection,
  memorySection,
];

/** One machine's part of a report. */
export interface HostReport {
  readonly name: string;
  /** `Linux 6.1.0-56-amd64`; empty: the trace does not say. */
  readonly kernel: string;
  /** `lttng-modules 2.13.9`, `sonde 0.1.0`; empty: the trace does not say. */
  readonly tracer: string;
  readonly cpuCount: number;
  readonly timeRange: TimeRange;
  readonly durationNs: number;
  readonly sections: readonly SectionReport[];
  /** Of all sections, the gravest first. */
  readonly findings: readonly Finding[];
}

export interface SystemReport {
  readonly hosts: readonly HostReport[];
  readonly eventCount: number;
  /** What is missing. */
  readonly losses: Losses;
}

const rank = { high: 0, medium: 1, info: 2 } as const;

/** Hands each kind of segment to the sections that want it. */
function joinHandlers(reducers: readonly SectionReducer[]): SegmentHandlers {
  const joined: Record<string, (segment: never) => void> = {};
  const kinds = new Set(reducers.flatMap(({ handlers }) => Object.keys(handlers)));
  for (const kind of kinds) {
    const all = reducers.flatMap(
      ({ handlers }) => (handlers as Record<string, (segment: never) => void>)[kind] ?? [],
    );
    const [only] = all;
    joined[kind] =
      all.length === 1 && only !== undefined
        ? only
        : (segment) => {
            for (const handle of all) handle(segment);
          };
  }
  return joined as SegmentHandlers;
}

class Overview implements Reducer {
  readonly #context: ReducerContext;
  readonly #traces: readonly Trace[];
  readonly #onDone: (report: HostReport) => void;
  readonly #parts: readonly { readonly section: Section; readonly reducer: SectionReducer }[];
  readonly handlers: SegmentHandlers;

  constructor(
    context: ReducerContext,
    traces: readonly Trace[],
    onDone: (report: HostReport) => void,
  ) {
    this.#context = context;
    this.#traces = traces;
    this.#onDone = onDone;
    this.#parts = sections.map((section) => ({ section, reducer: section.start(context) }));
    this.handlers = joinHandlers(this.#parts.map(({ reducer }) => reducer));
  }

  report(period: Period): ReturnType<Reducer['report']> {
    const { host } = this.#context;
    const { timeRange } = period;
    const traces = this.#traces.filter((trace) => host.traceNames.has(trace.path));
    const reports = this.#parts.map(({ section, reducer }): SectionReport => {
      const lacks = lacksOf(section.kinds, traces);
      return {
        id: section.id,
        title: section.title,
        missing: lacks.length === 0 ? undefined : sentence(lacks.join('; ')),
        ...reducer.report(period),
      };
    });
    const findings = reports.flatMap((report) => report.findings);
    this.#onDone({
      ...factsOf(host, traces),
      timeRange,
      durationNs: period.endNs - period.beginNs,
      sections: reports,
      findings: findings.sort((a, b) => rank[a.severity] - rank[b.severity]),
    });
    return { timeRange, tables: [], text: [] };
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function factsOf(
  host: Host,
  traces: readonly Trace[],
): Pick<HostReport, 'name' | 'kernel' | 'tracer' | 'cpuCount'> {
  const value = (name: string): string => {
    for (const { environment } of traces) {
      const found = environment.get(name);
      if (found !== undefined && found !== '') return String(found);
    }
    return '';
  };
  const join = (parts: readonly string[], by: string): string =>
    parts.filter((part) => part !== '').join(by);
  const patch = value('tracer_patchlevel') || value('tracer_patch');
  const version = join([value('tracer_major'), value('tracer_minor'), patch], '.');
  return {
    name: host.name,
    kernel: join([value('sysname'), value('kernel_release')], ' '),
    // Our recordings are laid out as LTTng's, which `tracer_name` is for.
    tracer:
      value('recorder') ||
      join([value('tracer_name') || (version === '' ? '' : 'tracer'), version], ' '),
    cpuCount: host.cpus.length,
  };
}

/** Everything that the report does not ask for is of no consequence to it. */
function overviewAnalysis(
  traces: readonly Trace[],
  onDone: (report: HostReport) => void,
): Analysis {
  return {
    name: 'report',
    family: 'report',
    summary: '',
    title: 'System report',
    description: '',
    tags: [],
    tableClasses: [],
    defaultViews: [],
    options: [],
    kinds: () => [...new Set(sections.flatMap(({ kinds }) => kinds))],
    start: (context) => new Overview(context, traces, onDone),
  };
}

export interface SystemReportRun {
  /** The consumer to read the traces with. */
  readonly run: AnalysisRun;
  /** After `run.finish`. */
  result(): SystemReport;
}

export interface SystemReportPlan {
  /** What is reported on (absolute, ns). */
  readonly begin?: bigint;
  readonly end?: bigint;
  readonly filter?: FilterExpression;
  readonly warn: (message: string) => void;
}

/** Prepares a report over traces that are about to be read. */
export function startSystemReport(
  traces: readonly Trace[],
  options: AnalysisOptions,
  { warn, filter, ...range }: SystemReportPlan,
): SystemReportRun {
  const hosts: HostReport[] = [];
  const analysis = overviewAnalysis(traces, (report) => hosts.push(report));
  const run = new AnalysisRun({
    analyses: [{ analysis, options }],
    plan: { definitions: [], ...range },
    ...(filter === undefined ? {} : { filter }),
    warn,
    countsEvents: true,
    onReport: () => {},
  });
  return {
    run,
    result: () => ({
      hosts,
      eventCount: run.eventCount,
      losses: run.losses,
    }),
  };
}

// The data that the program and the page exchange, as types; read by the type checker alone.

export type Numbers = Record<string, number>;

/** A change to a shipped rule in one arm; what is left out stays as shipped. */
export interface RuleChange {
  arm: string;
  name: string;
  on?: boolean;
  announced?: string;
  in_force?: string;
  /** A day, or `never`. */
  lapses?: string;
  numbers?: Numbers;
}

/** A rule of the reader's own, made from a template. */
export interface OwnRule {
  arm: string;
  template: string;
  name: string;
  announced: string;
  in_force: string;
  numbers: Numbers;
  destinations: string[];
}

export interface Question {
  study: string;
  baseline: string;
  arms: string[];
  rules: RuleChange[];
  own_rules: OwnRule[];
  parameters: Numbers;
  off: string[];
  end: string;
  futures: number;
  seed: number;
}

export interface RuleNumber {
  name: string;
  label: string;
  unit: string;
  min: number | null;
  max: number | null;
  value: number | null;
}

export interface Rule {
  name: string;
  label: string;
  issuer: string;
  instrument: string;
  announced: string | null;
  in_force: string | null;
  lapses: string | null;
  citation: string;
  description?: string;
  url?: string;
  status?: string;
  numbers: RuleNumber[];
}

export interface Regime {
  name: string;
  label: string;
  description: string;
  rules: string[];
}

export interface Preset {
  name: string;
  label: string;
  question_text: string;
  question: Question;
  arms?: Regime[];
}

export interface Template {
  name: string;
  label: string;
  description?: string;
  numbers: RuleNumber[];
  dates?: { announced?: string | null; in_force?: string | null };
  destinations?: string[];
}

export interface Quantiles {
  q05: number;
  q25: number;
  q50: number;
  q75: number;
  q95: number;
}

export interface Parameter {
  name: string;
  label: string;
  asks: string;
  unit: string;
  rank: number | null;
  min: number | null;
  max: number | null;
  prior: Quantiles;
  posterior: Quantiles | null;
  density: [number, number | null, number | null][];
}

export interface Response {
  name: string;
  label: string;
  description: string;
}

export interface World {
  version: string;
  citation: string;
  threads: number;
  months: { first: string; last: string };
  presets: Preset[];
  regimes: Regime[];
  rules: Rule[];
  templates: Template[];
  parameters: Parameter[];
  responses: Response[];
  destinations: { code: string; label: string }[];
  chip_columns_help: string;
  measures: { name: string; label: string; unit: string }[];
  figures?: { name: string; label: string }[];
  start?: Question | null;
}

export type Series = (number | null)[];

export interface Band {
  p05?: Series;
  p25?: Series;
  p50: Series;
  p75?: Series;
  p95?: Series;
}

export interface Problem {
  message: string;
  field?: string | null;
  help?: string | null;
}

export interface AnswerArm {
  name: string;
  label: string;
  colour: string;
  baseline?: boolean;
}

export interface Cost {
  viewpoint: string;
  label: string;
  arm: string;
  unit: string;
  p50: number | null;
  p05: number | null;
  p95: number | null;
}

export interface Answer {
  kind: "answer";
  done: number;
  of: number;
  seconds: number;
  sentence: { finding: string; size: string; certainty: string; baseline: string };
  nothing: string | null;
  monte_carlo_error: number | null;
  months: string[];
  evidence_end: string | null;
  rule_dates: { date: string; label: string; arm: string }[];
  arms: AnswerArm[];
  gap: ({ arm: string } & Band)[];
  /** The gap between released models, of which the record is. */
  gap_measured?: ({ arm: string } & Band)[];
  gap_record: { date: string; value: number; low: number | null; high: number | null }[];
  effect: ({ arm: string } & Band)[];
  shares: ({ place: "china" | "world"; arm: string; maker: string; label: string } & Band)[];
  compute: ({ arm: string; kind: "owned" | "rented" | "brokered"; unit?: string } & Band)[];
  costs: Cost[];
  failed?: number;
  warnings?: string[];
  futures: number[];
  future_effects?: (number | null)[];
}

export type AskLine = Answer | { kind: "refused"; problems: Problem[] } | { kind: "done" } | { kind: "cancelled" };

export interface FutureStory {
  rows: { month: string; kind: string; text: string; because?: string; arms: string[] }[];
  differs: string[];
}

export interface Verdict {
  verdict: string;
  /** The destination's own verdict. */
  importer?: string;
  rule: string;
  because: string;
}

export interface Verdicts {
  columns: string[];
  rows: { chip: string; verdicts: Verdict[] }[];
  notes: string[];
  problems: (Problem | string)[];
}

/** Holds the question and tells everybody who listens when it changes. */
export interface Store {
  get(): Question;
  change(edit: (question: Question) => void): void;
  replace(question: Question): void;
  listen(listener: (question: Question) => void): void;
}

/** What a line of a chart needs. */
export interface Line extends Band {
  label: string;
  colour: string;
  dashed: boolean;
  /** Bands are read, not drawn: many lines would hide each other. */
  is_bare: boolean;
}

/** What a chart needs. */
export interface Chart {
  title: string;
  note: string;
  unit: string;
  months: string[];
  lines: Line[];
  rules: { month: string; label: string }[];
  record: { month: string; value: number; low: number | null; high: number | null }[];
  record_end: string | null;
}

//! What is measured: shared by the benchmark under criterion and by the table of ratios.

#[allow(dead_code, reason = "only the table of benchmarks has a peer")]
pub mod peer;
pub mod reference;

#[path = "../../tests/reference_model/learning.rs"]
pub mod learning;
#[path = "../../tests/reference_model/market.rs"]
pub mod market;
#[path = "../../tests/reference_model/taken.rs"]
pub mod taken;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule, SingleThreadedExecutor};
use bevy_ecs::system::ScheduleSystem;
use bevy_ecs::world::World;
use chokepoint::agents::chipmaker::trade;
use chokepoint::agents::lab::{Knowledge, do_research};
use chokepoint::capability::frontier::FrontierHistory;
use chokepoint::config::source::Configs;
use chokepoint::config::study::{self, StudyFile};
use chokepoint::controls::ControlledItem;
use chokepoint::foundation::parameters::Parameters;
use chokepoint::foundation::run::{Future, SimulationClock};
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::MarketRules;
use chokepoint::study::{Library, Plan, PlanSettings, Worker};
use chokepoint::study::{RunRecord, RunRecordLayout, RunRequest, one_run, run_all};
use chokepoint::technology::supply::SupplyState;
use chokepoint::world::Blueprint;

use learning::Learning;
use market::Market;
use reference::Reference;

/// Month of the run in which single steps are measured: all that is sold is on sale, and licences are in force.
const MONTH: usize = 68;

/// Months over which a world with synthetic labs is measured, after its first.
const MONTHS_OF_CROWD: usize = 12;

/// Futures that runs are taken from in turn.
const FUTURES: u32 = 64;

/// One thing that is done again and again; `run` does it so often and says how long that took on the processor: what else
/// the machine does is left out.
pub struct Case<'a> {
    pub name: &'static str,
    pub what: String,
    pub run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Case<'a> {
    pub fn of(
        name: &'static str,
        what: impl Into<String>,
        run: impl FnMut(u64) -> Duration + 'a,
    ) -> Self {
        Self {
            name,
            what: what.into(),
            run: Box::new(run),
        }
    }
}

/// The shipped world under the arms of the main study.
pub struct Shipped {
    pub library: Library,
    pub plan: Plan,
    /// The arm that is run: the last of the main study.
    pub arm: usize,
}

pub fn main_study(library: &Library) -> StudyFile {
    let source = library
        .configs
        .find("did-controls-work", "studies")
        .expect("the main study ships");
    study::read(&source, &library.configs).expect("the main study is sound")
}

pub fn plan(library: &Library, runs: u32) -> Plan {
    let settings = PlanSettings {
        seed: 1,
        runs,
        ..PlanSettings::default()
    };
    Plan::new(library, main_study(library), settings).expect("the main study is sound")
}

impl Shipped {
    pub fn new() -> Self {
        let library =
            Library::read(Configs::embedded(), &[]).expect("the shipped configuration is sound");
        let plan = plan(&library, FUTURES);
        let arm = plan.regimes.len() - 1;
        Self { library, plan, arm }
    }

    /// What the world holds, in one line.
    pub fn declaration(&self) -> String {
        let b = &self.plan.blueprint;
        format!(
            "{} nations in {} markets with {} customers, {} makers with {} slots for chips, {} labs, {} months, {} measures \
             recorded, all channels on, regime `{}`",
            b.nations.len(),
            b.layout.markets,
            b.layout.customers.len(),
            b.makers.len(),
            b.roadmap.slots.len(),
            b.labs.len(),
            b.months,
            b.watch.columns.names().len(),
            self.plan.regimes[self.arm].name,
        )
    }

    /// A worker at the end of [`MONTH`].
    fn stopped(&self) -> Worker {
        let (calendar, future) = self.plan.in_arm(self.arm, 0, &self.plan.draw(0));
        let mut worker = Worker::new(&self.plan.blueprint);
        worker.stage.reset(calendar, &future, false);
        (0..MONTH).for_each(|_| {
            worker.step();
        });
        worker
    }

    /// The world with so many labs without names.
    pub fn blueprint_with(&self, labs: u32) -> Arc<Blueprint> {
        let mut study = main_study(&self.library);
        study.synthetic_labs = labs;
        self.library
            .blueprint(&study)
            .expect("the main study is sound")
    }

    fn futures(&self) -> impl FnMut() -> Future + '_ {
        let all: Vec<Future> = (0..FUTURES)
            .map(|n| self.plan.in_arm(self.arm, n, &self.plan.draw(n)).1)
            .collect();
        let mut turn = all.into_iter().cycle();
        move || turn.next().expect("futures come in turn")
    }
}

/// A schedule of one step.
fn only<M>(step: impl IntoScheduleConfigs<ScheduleSystem, M>) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.add_systems(step);
    schedule
}

fn timed(times: u64, mut once: impl FnMut()) -> Duration {
    let begun = ThreadTime::now();
    for _ in 0..times {
        once();
    }
    begun.elapsed()
}

/// Does it so often, with something before each time that does not count.
fn timed_after(times: u64, mut before: impl FnMut(), mut once: impl FnMut()) -> Duration {
    (0..times)
        .map(|_| {
            before();
            timed(1, &mut once)
        })
        .sum()
}

pub fn reference_loop() -> Case<'static> {
    let mut reference = Reference::new();
    Case::of(
        "reference",
        "plain loop, 200 labs, 60 steps",
        move |times| {
            timed(times, || {
                black_box(reference.run());
            })
        },
    )
}

/// Runs, loading, law, draws.
pub fn runs(s: &Shipped) -> Vec<Case<'_>> {
    let b = &s.plan.blueprint;
    let calendar = s.plan.in_arm(s.arm, 0, &s.plan.draw(0)).0;
    let mut worker = Worker::new(b);
    let mut next = s.futures();
    let whole = move |times| {
        timed(times, || {
            black_box(worker.run(calendar, &next(), b.months, false));
        })
    };
    let mut worker = Worker::new(b);
    let mut next = s.futures();
    let reset = move |times| timed(times, || worker.stage.reset(calendar, &next(), false));
    let layout = RunRecordLayout::new(&s.plan);
    let mut worker = Worker::new(b);
    let mut record = RunRecord::default();
    let mut number = 0;
    let recorded = move |times| {
        timed(times, || {
            // Beyond the first futures, whose events are kept.
            number = 5 + (number + 1) % (FUTURES - 5);
            let draw = s.plan.draw(number);
            let request = RunRequest {
                arm: s.arm,
                run: number,
                draw: &draw,
                baseline_path: None,
                keep_events: false,
            };
            one_run(&s.plan, &layout, &mut worker, &request, &mut record);
        })
    };
    let load = |times| {
        timed(times, || {
            let s = Shipped::new();
            let (calendar, future) = s.plan.in_arm(s.arm, 0, &s.plan.draw(0));
            let months = s.plan.blueprint.months;
            Worker::new(&s.plan.blueprint).run(calendar, &future, months, false);
        })
    };
    let book = &calendar.rule_sets.last().expect("a law has books").in_force;
    let sales: Vec<_> = (0..b.layout.markets)
        .flat_map(|market| (0..b.roadmap.slots.len()).map(move |slot| calendar.sale(slot, market)))
        .collect();
    let count = sales.len();
    let verdicts = move |times| {
        timed(times, || {
            for sale in &sales {
                black_box(book.judge(ControlledItem::ChipSale, sale));
            }
        })
    };
    let mut number = 0;
    let draws = move |times| {
        timed(times, || {
            number = (number + 1) % FUTURES;
            black_box(s.plan.draw(number));
        })
    };
    vec![
        Case::of("run", "one run of the shipped world, reset included", whole),
        Case::of(
            "run recorded",
            "the same with its draw and all outcomes taken down",
            recorded,
        ),
        Case::of("reset", "back to the first month", reset),
        Case::of("draw", "one future drawn", draws),
        Case::of(
            "verdicts",
            format!("{count} sales judged: every chip in every market"),
            verdicts,
        ),
        Case::of(
            "load",
            "configuration read, plan made, one run finished",
            load,
        ),
    ]
}

/// A step of the model as its system, and its reference model: market first, then learning.
pub fn steps(s: &Shipped) -> [[Case<'_>; 2]; 2] {
    [market_step(s), learning_step(s)]
}

// Separate functions, so that instructions can be counted by name. Each holds its own name, or the linker would merge two.

#[inline(never)]
fn trade_in_model(step: &mut Schedule, world: &mut World) {
    step.run(black_box(world));
    black_box("trade_in_model");
}

#[inline(never)]
fn trade_in_reference_model(
    reference_model: &mut Market,
    capacity: &[f64],
    pools: &[f64; 6],
    rules: &MarketRules,
) {
    reference_model.trade(capacity, pools, rules);
}

#[inline(never)]
fn learn_in_model(step: &mut Schedule, world: &mut World) {
    step.run(black_box(world));
    black_box("learn_in_model");
}

#[inline(never)]
fn learn_in_reference_model(reference_model: &mut Learning, year: f64, p: &Parameters) {
    reference_model.month(year, p);
}

/// The market at the end of [`MONTH`] as `peer.py` reads it, and the packages that the reference model buys of every chip on
/// sale.
#[allow(dead_code, reason = "only the table of benchmarks has a peer")]
pub fn market_of_peer(s: &Shipped) -> (String, Vec<f64>) {
    let mut worker = s.stopped();
    let world = &mut worker.stage.world;
    let (mut reference_model, capacity, pools) = taken::market(world);
    let rules = MarketRules::of(&world.resource::<Future>().parameters);
    let market = world.resource::<ChipMarket>();
    let text = peer::market(market, &capacity, &pools, &rules);
    reference_model.trade(&capacity, &pools, &rules);
    let bought = market.active.iter().map(|slot| {
        let customers = 0..reference_model.customers;
        let places = customers.map(|k| k * reference_model.chips + usize::from(*slot));
        places.map(|at| reference_model.bought[at]).sum()
    });
    (text, bought.collect())
}

fn market_step(s: &Shipped) -> [Case<'_>; 2] {
    let mut worker = s.stopped();
    let world = &mut worker.stage.world;
    let (reference_model, capacity, pools) = taken::market(world);
    let rules = MarketRules::of(&world.resource::<Future>().parameters);
    let market = world.resource::<ChipMarket>().clone();
    let supply = world.resource::<SupplyState>().clone();
    let mut step = only(trade);
    let model = move |times| {
        let world = std::cell::RefCell::new(&mut worker.stage.world);
        let back = || {
            let mut world = world.borrow_mut();
            *world.resource_mut::<ChipMarket>() = market.clone();
            *world.resource_mut::<SupplyState>() = supply.clone();
        };
        timed_after(times, back, || {
            trade_in_model(&mut step, &mut world.borrow_mut());
        })
    };
    let plain = move |times| {
        let now = std::cell::RefCell::new(reference_model.clone());
        let back = || now.borrow_mut().clone_from(&reference_model);
        timed_after(times, back, || {
            trade_in_reference_model(&mut now.borrow_mut(), &capacity, &pools, &rules)
        })
    };
    [
        Case::of("market", "a month of trade: the system", model),
        Case::of(
            "market reference model",
            "a month of trade: the reference model",
            plain,
        ),
    ]
}

/// Months of research between two times that labs are put back.
pub const MONTHS_OF_RESEARCH: u64 = 16;

fn learning_step(s: &Shipped) -> [Case<'_>; 2] {
    let mut worker = s.stopped();
    let world = &mut worker.stage.world;
    let mut reference_model = taken::learning(world);
    let year = world.resource::<SimulationClock>().year;
    let parameters = world.resource::<Future>().parameters.clone();
    let frontier = world.resource::<FrontierHistory>().clone();
    let mut labs = world.query::<&mut Knowledge>();
    let points: Vec<f64> = labs.iter(world).map(|k| k.points).collect();
    let mut step = only(do_research);
    let model = move |times: u64| {
        let mut sum = Duration::ZERO;
        for _ in 0..times {
            let world = &mut worker.stage.world;
            for (mut knowledge, points) in labs.iter_mut(world).zip(&points) {
                knowledge.points = *points;
            }
            let mut now = frontier.clone();
            now.best_known.reserve(MONTHS_OF_RESEARCH as usize);
            now.latent
                .iter_mut()
                .for_each(|l| l.reserve(MONTHS_OF_RESEARCH as usize));
            *world.resource_mut::<FrontierHistory>() = now;
            sum += timed(MONTHS_OF_RESEARCH, || learn_in_model(&mut step, world));
        }
        sum / MONTHS_OF_RESEARCH as u32
    };
    reference_model
        .best_known
        .reserve(MONTHS_OF_RESEARCH as usize);
    let plain = move |times: u64| {
        let mut sum = Duration::ZERO;
        for _ in 0..times {
            let mut now = reference_model.clone();
            now.best_known.reserve(MONTHS_OF_RESEARCH as usize);
            now.best_known_h100e.reserve(MONTHS_OF_RESEARCH as usize);
            sum += timed(MONTHS_OF_RESEARCH, || {
                learn_in_reference_model(&mut now, year, &parameters)
            });
            black_box(&now);
        }
        sum / MONTHS_OF_RESEARCH as u32
    };
    [
        Case::of("learning", "a month of research: the system", model),
        Case::of(
            "learning reference model",
            "a month of research: the reference model",
            plain,
        ),
    ]
}

/// A month of the world with so many labs without names, beside those of the table.
pub fn crowd(s: &Shipped, labs: u32) -> Case<'_> {
    let mut worker = Worker::new(&s.blueprint_with(labs));
    let (calendar, future) = s.plan.in_arm(s.arm, 0, &s.plan.draw(0));
    let run = move |times: u64| {
        let mut sum = Duration::ZERO;
        for _ in 0..times {
            worker.stage.reset(calendar, &future, false);
            worker.step();
            sum += timed(MONTHS_OF_CROWD as u64, || {
                worker.step();
            });
        }
        sum / MONTHS_OF_CROWD as u32
    };
    Case::of("month", format!("a month with {labs} synthetic labs"), run)
}

/// Every arm in so many futures on so many threads: time on the wall, time on all processors together, and what came of it.
pub fn ensemble(plan: &Plan, threads: usize) -> (Duration, Duration, Vec<RunRecord>) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("threads can be had");
    let (begun, on_processor) = (Instant::now(), ProcessTime::now());
    let records = pool.install(|| run_all(plan, &|| (), &AtomicBool::new(false)));
    (begun.elapsed(), on_processor.elapsed(), records)
}

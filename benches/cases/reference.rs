//! The unit of time: a small market as one plain loop over flat arrays. Times are reported as ratios to it, so that they can be
//! compared between machines.
//!
//! Labs spread a budget over makers by logit of quality for money, each with a taste of its own; labs of one side may buy only below a threshold that
//! changes; what they buy adds to a stock that wears off; they learn with their compute, from the best, and with subsidies
//! that one side pays. It has as many makers as let it take about 0.9 ms on the machine for which bars are given in
//! milliseconds.

const LABS: usize = 200;
const STEPS: usize = 60;
const MAKERS: usize = 12;

/// Labs and makers, one flat array each.
pub struct Reference {
    side: Vec<usize>,
    taste: Vec<f64>,
    budget: Vec<f64>,
    stock: Vec<f64>,
    knowledge: Vec<f64>,
    quality: [f64; MAKERS],
    price: [f64; MAKERS],
}

impl Reference {
    pub fn new() -> Self {
        let spread = |lab: usize| 0.5 + (lab * 37 % LABS) as f64 / LABS as f64;
        Self {
            side: (0..LABS).map(|lab| lab % 3).collect(),
            taste: (0..LABS).map(|lab| 1.5 * spread(lab)).collect(),
            budget: (0..LABS).map(spread).collect(),
            stock: vec![0.0; LABS],
            knowledge: vec![0.0; LABS],
            quality: [0.0; MAKERS],
            price: [0.0; MAKERS],
        }
    }

    /// One run from the start; the sum of what labs know at its end.
    pub fn run(&mut self) -> f64 {
        self.stock.fill(1.0);
        self.knowledge.fill(0.0);
        for maker in 0..MAKERS {
            self.quality[maker] = 1.0 + 0.2 * maker as f64;
            self.price[maker] = 1.0 + 0.15 * maker as f64;
        }
        let mut sum = 0.0;
        for step in 0..STEPS {
            let threshold = if step < 20 {
                f64::INFINITY
            } else if step < 40 {
                3.0
            } else {
                2.4
            };
            let (mut best, mut mean) = (0.0, 0.0);
            for lab in 0..LABS {
                best = f64::max(best, self.knowledge[lab]);
                mean += self.knowledge[lab] / LABS as f64;
            }
            let mut sold = [0.0; MAKERS];
            sum = 0.0;
            for lab in 0..LABS {
                let mut weight = [0.0; MAKERS];
                let mut all = 0.0;
                for maker in 0..MAKERS {
                    let barred = self.side[lab] == 1 && self.quality[maker] > threshold;
                    let worth = self.taste[lab] * self.quality[maker] - 1.5 * self.price[maker];
                    weight[maker] = if barred { 0.0 } else { worth.exp() };
                    all += weight[maker];
                }
                let subsidy = if self.side[lab] == 1 { 1.2 } else { 1.0 };
                let mut compute = 0.0;
                for maker in 0..MAKERS {
                    let units =
                        self.budget[lab] * subsidy * weight[maker] / all / self.price[maker];
                    compute += units * self.quality[maker];
                    sold[maker] += units;
                }
                self.stock[lab] += compute - 0.02 * self.stock[lab];
                let ahead = f64::max(best - self.knowledge[lab], 0.0);
                let hard = (-0.02 * (self.knowledge[lab] - mean)).exp();
                self.knowledge[lab] += 0.05 * self.stock[lab].sqrt() * hard + 0.03 * ahead;
                sum += self.knowledge[lab];
            }
            for maker in 0..MAKERS {
                self.quality[maker] *= 1.0 + 0.001 * (1.0 + sold[maker]).ln();
                self.price[maker] *= 1.0 - 0.002 * (1.0 - 0.3 * (maker % 2) as f64);
            }
        }
        sum
    }
}

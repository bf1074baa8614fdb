//! Channels: responses of agents that can be switched off, so that the contribution of each to an effect can be measured.
//!
//! A channel that is off uses no resources of others. Power, serving and captive chips are constraints, not responses.

macro_rules! channels {
    ($( $variant:ident $name:literal $group:literal $off:literal; )*) => {
        /// A response of agents to rules.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Channel { $( $variant, )* }

        impl Channel {
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            pub const fn name(self) -> &'static str { match self { $( Self::$variant => $name, )* } }
            /// One of seven groups that effects are shared out among.
            pub const fn group(self) -> &'static str { match self { $( Self::$variant => $group, )* } }
            /// What is different when it is off.
            pub const fn off(self) -> &'static str { match self { $( Self::$variant => $off, )* } }
        }
    };
}

channels! {
    DesignAround "design_around" "design" "makers begin no variant";
    CoDesign "co_design" "software efficiency" "labs never learn to hide links and memory better";
    InducedEfficiency "induced_efficiency" "software efficiency" "scarcity of compute changes no research";
    OpenDiffusion "open_diffusion" "diffusion and theft" "nobody learns from open weights";
    Distillation "distillation" "diffusion and theft" "nobody learns from the answers of a rival's model";
    Theft "theft" "diffusion and theft" "nothing unreleased is stolen";
    Indigenisation "indigenisation" "indigenisation" "denial moves no capacity and no purchase at home";
    LearningByDoing "learning_by_doing" "indigenisation" "yield stays where it began";
    ProxyFab "proxy_fab" "indigenisation" "no dies come through proxies";
    GreyMarket "grey_market" "leakage" "brokers buy nothing";
    RemoteAccess "remote_access" "leakage" "nobody rents compute abroad";
    SoftwareLockIn "software_lock_in" "market and research" "a maker's stack adds nothing to what buyers compare";
    RdFeedback "rd_feedback" "market and research" "lost revenue changes no later generation";
    Hedging "hedging" "market and research" "buyers do not expect denial to come again";
    Stockpiling "stockpiling" "politics and anticipation" "announced rules bring no purchase forward";
    CounterMeasures "counter_measures" "politics and anticipation" "the target refuses no chip and keeps back no material of its own accord";
    Lobbying "lobbying" "politics and anticipation" "lost revenue moves no government";
    PolicyReaction "policy_reaction" "politics and anticipation" "the gap moves no government";
}

/// The set of active channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels([bool; Channel::ALL.len()]);

impl Default for Channels {
    fn default() -> Self {
        Self([true; Channel::ALL.len()])
    }
}

impl Channels {
    pub const fn on(&self, channel: Channel) -> bool {
        self.0[channel as usize]
    }

    /// 1 when on, 0 when off: a factor in an equation.
    pub const fn factor(&self, channel: Channel) -> f64 {
        if self.0[channel as usize] { 1.0 } else { 0.0 }
    }

    #[must_use]
    pub const fn without(mut self, channel: Channel) -> Self {
        self.0[channel as usize] = false;
        self
    }
}

impl Channel {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }
}

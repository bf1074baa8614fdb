//! Phases of a schedule: one declaration gives the sets of systems, their order, and the list of both.

/// Declares `Phase`, a set of systems for each phase with a sentence and its systems in order, and `add_phases`, which adds
/// them to a schedule one after another.
macro_rules! phases {
    ($($phase:ident $sentence:literal: $($system:ident),+;)*) => {
        /// A phase of the schedule.
        #[derive(bevy_ecs::schedule::SystemSet, Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Phase { $($phase,)* }

        impl Phase {
            pub const ALL: &[Self] = &[$(Self::$phase,)*];

            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$phase => $sentence,)* }
            }

            /// Paths of its systems, in order.
            pub fn systems(self) -> Vec<&'static str> {
                match self { $(Self::$phase => vec![$(std::any::type_name_of_val(&$system),)+],)* }
            }
        }

        /// Adds the systems of every phase.
        fn add_phases(schedule: &mut bevy_ecs::schedule::Schedule) {
            use bevy_ecs::schedule::IntoScheduleConfigs;
            schedule.configure_sets(($(Phase::$phase,)*).chain());
            $(schedule.add_systems(($($system,)+).chain().in_set(Phase::$phase));)*
        }
    };
}

pub(crate) use phases;

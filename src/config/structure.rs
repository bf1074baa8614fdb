//! Reads the rival forms of the model that the evidence cannot choose between.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::futures::{WEIGHT, WeightedAlternative};
use super::parameters::{EvidenceGrade, check_value};
use super::source::{Configs, Source};
use crate::foundation::channels::Channel;
use crate::foundation::name::Name;
use crate::foundation::parameters::Parameters;

/// Where the file stands below the root of a configuration.
const PATH: &str = "evidence/structure.toml";

/// `evidence/structure.toml`: forms of the model, each with a weight.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StructureFile {
    pub form: Vec<RivalForm>,
}

/// One form: the model's own, or a rival that differs from it in parameters or channels.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RivalForm {
    #[schemars(with = "Name")]
    pub name: Spanned<Name>,
    /// What is different, in one sentence.
    pub description: String,
    /// Relative to the weights of the others. A form of weight zero is scored by `validate --form` and drawn by no study.
    #[schemars(with = "f64")]
    pub weight: Spanned<f64>,
    /// Parameters that this form fixes.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, f64>")]
    pub set: BTreeMap<Spanned<String>, f64>,
    /// Channels that are off in it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub off: Vec<Spanned<String>>,
    /// Who holds this view, or what speaks for it.
    pub source: String,
    pub grade: EvidenceGrade,
}

impl RivalForm {
    /// As a structural variant of a study.
    fn variant(&self) -> WeightedAlternative {
        let set = self.set.iter();
        WeightedAlternative {
            name: self.name.get_ref().to_string(),
            description: self.description.clone(),
            weight: *self.weight.get_ref(),
            set: set.map(|(id, v)| (id.get_ref().clone(), *v)).collect(),
            off: self.off.iter().map(|c| c.get_ref().clone()).collect(),
            planning: None,
        }
    }
}

/// Forms that studies draw, as structural variants in the order of the file.
///
/// # Errors
/// With the place of what is wrong.
pub fn drawn(configs: &Configs) -> Result<Vec<WeightedAlternative>, Problems> {
    let mut forms = variants(configs)?;
    forms.retain(|form| form.weight > 0.0);
    Ok(forms)
}

/// All forms as structural variants, those of weight zero among them, in the order of the file.
///
/// # Errors
/// With the place of what is wrong.
pub fn variants(configs: &Configs) -> Result<Vec<WeightedAlternative>, Problems> {
    let file = parse(&configs.read(PATH)?)?;
    Ok(file.form.iter().map(RivalForm::variant).collect())
}

/// Reads a file of forms.
///
/// # Errors
/// For an unknown parameter or channel, a value out of bounds, a weight below zero, a name twice, a rival that
/// changes nothing, or a file without the model's own form.
pub fn parse(source: &Source) -> Result<StructureFile, Problems> {
    let file: StructureFile = read_toml(source)?;
    let mut problems = Problems::default();
    let parameters: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let channels: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
    let mut wrong = |problem: Diagnostic| problems.0.push(problem);
    for (number, form) in file.form.iter().enumerate() {
        let name = form.name.get_ref();
        let at = |message: &str| Diagnostic::at(source, form.name.span(), message.to_string());
        if name.as_str() == "all" || file.form[..number].iter().any(|f| f.name.get_ref() == name) {
            wrong(at("each form needs a name of its own, and not `all`"));
        }
        if number > 0 && form.set.is_empty() && form.off.is_empty() {
            wrong(at(
                "found a rival that sets no parameter and switches off no channel; only the first form, the model's own, changes nothing",
            ));
        }
        let weight = *form.weight.get_ref();
        let least = if number == 0 { f64::MIN_POSITIVE } else { 0.0 };
        if !(least..=WEIGHT).contains(&weight) {
            let expected = if number == 0 {
                "a number above zero"
            } else {
                "zero or more"
            };
            let message =
                format!("found the weight {weight}, expected {expected}, at most {WEIGHT}");
            wrong(Diagnostic::at(source, form.weight.span(), message));
        }
        if form.source.trim().is_empty() || form.description.trim().is_empty() {
            wrong(at("a form needs a description and a source"));
        }
        for (id, value) in &form.set {
            let (name, span) = (id.get_ref().as_str(), id.span());
            if !parameters.contains(&name) {
                let message = format!("found `{name}`, expected a parameter");
                wrong(Diagnostic::at(source, span, message).nearest(name, &parameters));
            } else if let Err(why) = check_value(name, *value) {
                wrong(Diagnostic::at(source, span, why));
            }
        }
        for channel in &form.off {
            let name = channel.get_ref().as_str();
            if !channels.contains(&name) {
                let message = format!("found `{name}`, expected a channel");
                wrong(Diagnostic::at(source, channel.span(), message).nearest(name, &channels));
            }
        }
    }
    let rivals = file.form.iter().skip(1);
    if !rivals.into_iter().any(|form| *form.weight.get_ref() > 0.0) {
        let message = "expected the model's own form and at least one rival";
        wrong(Diagnostic::at(source, 0..1, message.to_string()));
    } else if !(file.form[0].set.is_empty() && file.form[0].off.is_empty()) {
        let span = file.form[0].name.span();
        let message = "the first form is the model's own and changes nothing";
        wrong(Diagnostic::at(source, span, message.to_string()));
    }
    problems.check()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let source = Source {
            name: "structure.toml".into(),
            text: text.into(),
        };
        parse(&source).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn shipped_forms_are_read_and_weighted() {
        let forms = variants(&Configs::embedded()).unwrap();
        assert!(forms.len() > 2);
        assert!(forms[0].set.is_empty() && forms[0].off.is_empty());
        let drawn = drawn(&Configs::embedded()).unwrap();
        assert!(drawn.iter().all(|f| f.weight > 0.0) && drawn.len() < forms.len());
    }

    #[test]
    fn a_rival_that_changes_nothing_or_misspells_is_refused() {
        let own = "[[form]]\nname = \"own\"\ndescription = \"x\"\nweight = 1.0\nsource = \"x\"\ngrade = \"D\"\n";
        let rival = own.replace("own", "rival");
        assert!(faults(&format!("{own}{rival}")).contains("sets no parameter"));
        let misspelt = format!("{own}{rival}set = {{ home_priority_shar = 0.0 }}\n");
        assert!(faults(&misspelt).contains("home_priority_share"));
        assert!(faults(own).contains("at least one rival"));
    }
}

use std::sync::Arc;

use super::{PlayError, Step, StepError, Target, Turn};

/// How many steps a play has at most.
pub const LONGEST_PLAY: usize = 10_000;

/// A list of steps for those requests that it is for. What is in one can act there: a play is made by
/// [`Play::new`] alone, which asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    pub(super) steps: Arc<[Step]>,
    pub(super) persona: Option<Arc<str>>,
    pub(super) target: Target,
    pub(super) repeat: bool,
}

impl Play {
    /// A play of `steps`, for the requests of one persona (or all), to what `target` says.
    pub fn new(
        steps: Vec<Step>,
        persona: Option<Arc<str>>,
        target: Target,
        repeat: bool,
    ) -> Result<Self, PlayError> {
        if steps.is_empty() {
            return Err(PlayError::Empty);
        }
        if steps.len() > LONGEST_PLAY {
            return Err(PlayError::TooLong);
        }
        if let Target::Endpoint(endpoint) = &target
            && persona.is_some()
            && !endpoint.knows_who()
        {
            return Err(PlayError::Anybody(endpoint.as_str()));
        }
        for (index, step) in steps.iter().enumerate() {
            step.fits(&target).map_err(|source| PlayError::Step { index, source })?;
        }
        Ok(Self { steps: steps.into(), persona, target, repeat })
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whose requests it is for.
    pub fn persona(&self) -> Option<&str> {
        self.persona.as_deref()
    }

    /// What it is for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it starts again after its last step.
    pub fn repeats(&self) -> bool {
        self.repeat
    }
}

impl Step {
    /// Whether it can act on the requests of `target`.
    pub fn fits(&self, target: &Target) -> Result<(), StepError> {
        match target {
            Target::Apis | Target::Operation { .. } => self.fits_api(),
            Target::Endpoint(_) => self.fits_endpoint(),
        }
    }

    /// Whether it can act on a request to an API.
    pub fn fits_api(&self) -> Result<(), StepError> {
        if let Turn::OAuth(error) = self.turn {
            return Err(StepError::OnlyThere(format!("oauth:{}", error.as_str())));
        }
        match self.keys {
            Some(keys) => Err(StepError::OnlyThere(format!("keys:{}", keys.as_str()))),
            None => Ok(()),
        }
    }

    /// Whether it can act on a request to the authorization server.
    pub fn fits_endpoint(&self) -> Result<(), StepError> {
        match &self.turn {
            Turn::Deny(code) => Err(StepError::NotThere(code.as_str().to_owned())),
            Turn::Fail { example: Some(name), .. } | Turn::Pick { example: Some(name), .. } => {
                Err(StepError::NotThere(format!("example:{name}")))
            }
            Turn::Truth
            | Turn::OAuth(_)
            | Turn::Fail { example: None, .. }
            | Turn::Pick { example: None, .. } => Ok(()),
        }
    }
}

/// Reads steps from texts of which each is one step or several with commas between: `ok, ok, token.expired`.
pub fn read_steps<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Step>, PlayError> {
    let mut steps = Vec::new();
    for text in texts.into_iter().flat_map(|text| text.split(',')) {
        if steps.len() == LONGEST_PLAY {
            return Err(PlayError::TooLong);
        }
        let step = text.trim().parse();
        steps.push(step.map_err(|source| PlayError::Step { index: steps.len(), source })?);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Endpoint;

    fn play(steps: &str, target: Target) -> Result<Play, PlayError> {
        Play::new(read_steps([steps])?, None, target, false)
    }

    #[test]
    fn a_sequence_is_read_from_a_list_or_from_one_text() {
        let text = read_steps(["ok, ok, token.expired , ok"]).unwrap();
        assert_eq!(text, read_steps(["ok", "ok", "token.expired", "ok"]).unwrap());
        assert_eq!(text.len(), 4);
        let error = read_steps(["ok", "okk"]).unwrap_err();
        assert_eq!(error.to_string(), "step 2: `okk` is no step of a play; did you mean `ok`?");
    }

    #[test]
    fn a_step_that_cannot_act_where_it_is_put_is_refused() {
        let token = || Target::Endpoint(Endpoint::Token);
        for good in ["ok", "oauth:invalid_grant", "status:503", "delay:1s", "fault:reset", "keys:lose"] {
            assert!(play(good, token()).is_ok(), "{good}");
        }
        for bad in ["token.expired", "example:empty", "status:503+example:down"] {
            assert!(play(bad, token()).is_err(), "{bad}");
            assert!(play(bad, Target::Apis).is_ok(), "{bad}");
        }
        for bad in ["oauth:access_denied", "keys:rotate", "delay:1s+keys:rotate"] {
            assert!(play(bad, Target::Apis).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_play_for_one_persona_stands_only_where_it_is_known_who_asks() {
        for endpoint in Endpoint::ALL {
            let steps = read_steps(["status:503"]).unwrap();
            let made = Play::new(steps, Some("alice".into()), Target::Endpoint(endpoint), false);
            match endpoint {
                Endpoint::Authorize | Endpoint::Token | Endpoint::Userinfo => assert!(made.is_ok()),
                Endpoint::Par | Endpoint::Device | Endpoint::Jwks | Endpoint::Discovery => {
                    assert_eq!(made, Err(PlayError::Anybody(endpoint.as_str())));
                }
            }
        }
    }

    #[test]
    fn a_play_has_at_least_one_step_and_an_end() {
        assert_eq!(Play::new(Vec::new(), None, Target::Apis, true), Err(PlayError::Empty));
        let many = vec![Step::ok(); LONGEST_PLAY + 1];
        assert_eq!(Play::new(many, None, Target::Apis, false), Err(PlayError::TooLong));
    }
}

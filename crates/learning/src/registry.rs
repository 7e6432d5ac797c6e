//! Which models are there, and which one answers? Versions, champions and the way back.

use crate::file::{self, ModelHeader};
use crate::{Contest, Gap, LearningError, Loaded, ModelStore, Reigning, TaskAbout, TaskName, Trained};
use features::{Catalogue, FeatureError};
use primitives::{ErrorKind, ModelVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A version is this many digits of its file's name.
const VERSION_DIGITS: usize = 12;

/// All models of a store. Files never change, so what was read once of them stays true.
pub struct Registry {
    store: Arc<dyn ModelStore>,
    catalogue: RwLock<Arc<Catalogue>>,
    headers: Mutex<BTreeMap<String, ModelHeader>>,
}

/// A version among others.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The version.
    pub version: ModelVersion,
    /// Where it comes from and how good it is.
    pub header: ModelHeader,
    /// Whether it answers.
    pub is_champion: bool,
    /// Whether it can: this program computes the features that it looks at, and knows its shape.
    pub can_answer: bool,
}

/// The newest `n_max` of versions that stand newest first, and the champion, however old it is.
pub fn newest_versions(versions: &[Version], n_max: usize) -> impl Iterator<Item = &Version> {
    versions
        .iter()
        .enumerate()
        .filter(move |(i, version)| *i < n_max || version.is_champion)
        .map(|(_, version)| version)
}

/// What became of a model that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its version.
    pub version: ModelVersion,
    /// Whether it answers from now on.
    pub is_champion: bool,
    /// Why, or why not.
    pub reason: String,
    /// Days on which nothing was to be learned.
    pub gaps: Vec<Gap>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// The models of a store, which look at the features of a catalogue.
    #[must_use]
    pub fn new(store: Arc<dyn ModelStore>, catalogue: Arc<Catalogue>) -> Self {
        Self { store, catalogue: RwLock::new(catalogue), headers: Mutex::default() }
    }

    /// From now on models look at the features of another catalogue. Models that were opened are not touched.
    pub fn look_at(&self, catalogue: Arc<Catalogue>) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every task that any model of the store answers, also those that this program does not know.
    ///
    /// # Errors
    /// [`LearningError::Store`] where the store cannot be listed.
    pub fn tasks(&self) -> Result<BTreeSet<TaskName>, LearningError> {
        Ok(self.store.list()?.iter().filter_map(|name| Some(self.header(name).ok()?.task)).collect())
    }

    /// Stores a trained model, and makes it the champion where its verdict says so and the model it was compared with
    /// still answers. Publishing it again changes nothing.
    ///
    /// # Errors
    /// [`LearningError::Store`]; [`LearningError::File`] where the model cannot be written.
    pub fn publish(&self, trained: &Trained) -> Result<Published, LearningError> {
        let name = self.store.put(&trained.to_file()?)?;
        let version = version_of(&name);
        let verdict = trained.header.verdict();
        let answers = self.champion_version(&trained.header.task)?;
        let compared_with = trained.header.contest.as_ref().and_then(Contest::champion);
        let is_other = answers.as_ref() != compared_with && answers.as_ref() != Some(&version);
        let (is_champion, reason) = match answers.filter(|_| verdict.is_champion && is_other) {
            Some(other) => {
                let why = "it took over while this one was trained, and the two were not compared";
                (false, format!("model {other} goes on answering: {why}"))
            }
            None => (verdict.is_champion, verdict.reason),
        };
        if is_champion {
            self.crown(&trained.header.task, &name)?;
        }
        let gaps = trained.header.evaluation.split.gaps.clone();
        Ok(Published { version, is_champion, reason, gaps })
    }

    /// The champion as a challenger meets it. One that cannot be opened is told with its fault.
    ///
    /// # Errors
    /// [`LearningError::Store`] where the store cannot be read.
    pub fn reigning(&self, task: &TaskName) -> Result<Option<Reigning>, LearningError> {
        let Some(name) = self.champion_file(task)? else { return Ok(None) };
        let model = match self.fitting(task, &name) {
            Ok(loaded) => Ok(Box::new(loaded)),
            // The disk may answer again: nobody is dethroned for that.
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Internal) => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        Ok(Some(Reigning { version: version_of(&name), model, n_refused: 0 }))
    }

    /// The champion, opened; `None` where no model was ever good enough.
    ///
    /// # Errors
    /// [`LearningError::Features`] where it looks at features that are not computed here; [`LearningError::Store`] and [`LearningError::File`]
    /// where it cannot be read.
    pub fn champion(&self, task: &TaskName) -> Result<Option<Loaded>, LearningError> {
        match self.champion_file(task)? {
            Some(name) => self.fitting(task, &name).map(Some),
            None => Ok(None),
        }
    }

    /// The champion, opened, where it answers what the task asks now.
    ///
    /// # Errors
    /// [`LearningError::AnotherQuestion`] where it answers something else, and as [`Registry::champion`].
    pub fn answering(&self, about: &TaskAbout) -> Result<Option<Loaded>, LearningError> {
        match self.champion(&about.name)? {
            Some(Loaded { version, header, .. }) if header.asks != about.asks => {
                Err(LearningError::AnotherQuestion { task: about.name.clone(), version: version.to_string() })
            }
            champion => Ok(champion),
        }
    }

    /// The champion's version, without opening it.
    ///
    /// # Errors
    /// [`LearningError::Store`].
    pub fn champion_version(&self, task: &TaskName) -> Result<Option<ModelVersion>, LearningError> {
        Ok(self.champion_file(task)?.map(|name| version_of(&name)))
    }

    /// One version, opened as it was trained, to make a past decision again: what it looks at need not be computed any more
    /// where the settings declared it.
    ///
    /// # Errors
    /// [`LearningError::NoSuchVersion`], and as [`Registry::champion`].
    pub fn load(&self, task: &TaskName, version: &ModelVersion) -> Result<Loaded, LearningError> {
        self.open(task, &self.find(task, version)?)
    }

    /// What there is to know of one version, without opening it.
    ///
    /// # Errors
    /// [`LearningError::NoSuchVersion`]; [`LearningError::File`] where it cannot be read.
    pub fn header_of(&self, task: &TaskName, version: &ModelVersion) -> Result<ModelHeader, LearningError> {
        self.header(&self.find(task, version)?)
    }

    /// All versions of a model, newest first. Files that cannot be read are left out: see [`Registry::damaged`].
    ///
    /// # Errors
    /// [`LearningError::Store`] where the store cannot be listed.
    pub fn versions(&self, task: &TaskName) -> Result<Vec<Version>, LearningError> {
        // Where it cannot be told who answers, nobody does: [`Registry::champion`] says why.
        let champion = self.champion_file(task).unwrap_or_default();
        let mut versions = Vec::new();
        for name in self.store.list()? {
            let Ok(header) = self.header(&name) else { continue };
            if header.task == *task {
                let is_champion = champion.as_ref() == Some(&name);
                let can_answer = header.shape().is_ok() && self.catalogue().inputs(&header.features).is_ok();
                versions.push(Version { version: version_of(&name), header, is_champion, can_answer });
            }
        }
        versions.sort_by(|a, b| b.header.trained_at.cmp(&a.header.trained_at).then(a.version.cmp(&b.version)));
        Ok(versions)
    }

    /// The model files that cannot be read, each with the reason.
    ///
    /// # Errors
    /// [`LearningError::Store`] where the store cannot be listed.
    pub fn damaged(&self) -> Result<Vec<(ModelVersion, LearningError)>, LearningError> {
        let names = self.store.list()?;
        Ok(names.into_iter().filter_map(|name| Some((version_of(&name), self.header(&name).err()?))).collect())
    }

    /// Makes a version the champion, after opening it: a model that cannot answer is never put in force.
    ///
    /// # Errors
    /// As [`Registry::load`].
    pub fn promote(&self, task: &TaskName, version: &ModelVersion) -> Result<(), LearningError> {
        let name = self.find(task, version)?;
        self.fitting(task, &name)?;
        self.crown(task, &name)
    }

    /// Makes the champion before this one the champion again, and answers its version. The present one stays as a version.
    ///
    /// # Errors
    /// [`LearningError::NoEarlierChampion`] where there was none; as [`Registry::load`] where it cannot be opened, and
    /// then nothing has changed.
    pub fn roll_back(&self, task: &TaskName) -> Result<ModelVersion, LearningError> {
        let mut champions = self.store.champions(task.as_str())?;
        let n_champions = champions.len();
        champions.pop();
        let before =
            champions.last().cloned().ok_or(LearningError::NoEarlierChampion { task: task.clone(), n_champions })?;
        self.fitting(task, &before)?;
        self.store.set_champions(task.as_str(), &champions)?;
        Ok(version_of(&before))
    }

    fn champion_file(&self, task: &TaskName) -> Result<Option<String>, LearningError> {
        Ok(self.store.champions(task.as_str())?.pop())
    }

    fn crown(&self, task: &TaskName, name: &str) -> Result<(), LearningError> {
        let mut champions = self.store.champions(task.as_str())?;
        if champions.last().is_none_or(|last| last != name) {
            champions.push(name.to_owned());
            self.store.set_champions(task.as_str(), &champions)?;
        }
        Ok(())
    }

    fn find(&self, task: &TaskName, version: &ModelVersion) -> Result<String, LearningError> {
        let missing = || LearningError::NoSuchVersion { task: task.clone(), version: version.to_string() };
        let wanted = version.as_str();
        if wanted.len() < VERSION_DIGITS {
            return Err(missing());
        }
        self.store.list()?.into_iter().find(|name| name.starts_with(wanted)).ok_or_else(missing)
    }

    /// A model that can answer: what it looks at is computed now.
    fn fitting(&self, task: &TaskName, name: &str) -> Result<Loaded, LearningError> {
        let loaded = self.open(task, name)?;
        let inputs = self.catalogue().inputs(&loaded.header.features);
        inputs.map_err(|source| of_features(task, &loaded.version, source))?;
        Ok(loaded)
    }

    fn open(&self, task: &TaskName, name: &str) -> Result<Loaded, LearningError> {
        let bytes = self.store.get(name)?;
        let header = file::decode_header(&bytes)?;
        let version = version_of(name);
        if header.task != *task {
            return Err(LearningError::NoSuchVersion { task: task.clone(), version: version.to_string() });
        }
        // Before the body: it may have a shape that this program could not even read.
        let catalogue = Catalogue::of_model(&header.declared);
        let inputs = catalogue.inputs(&header.features).map_err(|source| of_features(task, &version, source))?;
        let (header, body) = file::decode(&bytes)?;
        Ok(Loaded { version, header, inputs, catalogue: Arc::new(catalogue), body })
    }

    fn header(&self, name: &str) -> Result<ModelHeader, LearningError> {
        if let Some(known) = self.headers.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(known.clone());
        }
        let header = file::decode_header(&self.store.get(name)?)?;
        self.headers.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), header.clone());
        Ok(header)
    }
}

fn of_features(task: &TaskName, version: &ModelVersion, source: FeatureError) -> LearningError {
    LearningError::Features { task: task.clone(), version: version.to_string(), source: Box::new(source) }
}

/// The version of a model file, by its name.
fn version_of(name: &str) -> ModelVersion {
    ModelVersion::from(name.get(..VERSION_DIGITS).unwrap_or(name))
}

//! What is written down for customers, and how is it searched?
//!
//! All of it is in memory with its index, which is made anew beside the one in force where something changes: questions go on meanwhile.

use crate::Engine;
use crate::error::EngineError;
use decisions::documents::{
    ALL_BYTES_MAX, Document, DocumentChange, N_DOCUMENTS_MAX, Passage, SavedDocument, passages,
};
use decisions::{Quote, Retrieved};
use models::text::{Encoder, PassageIndex, Searched};
use primitives::{ErrorKind, Timestamp, visible};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// So many passages are told of.
const N_PASSAGES: usize = 5;

/// What is searched, and what is held while it changes.
#[derive(Default)]
pub(super) struct Kept {
    in_force: RwLock<Option<Arc<KnowledgeBase>>>,
    changing: Mutex<()>,
    encoders: OnceLock<Vec<Arc<dyn Encoder>>>,
}

/// A document, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEntry {
    /// The document.
    pub document: Document,
    /// The how manieth version it is.
    pub version: u64,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Into what it is cut.
    pub passages: Vec<Passage>,
}

/// What is written down for customers, as it is searched.
#[derive(Debug)]
pub struct KnowledgeBase {
    entries: Vec<DocumentEntry>,
    /// Of each passage that is searched its document, and the how manieth of it it is.
    places: Vec<(usize, usize)>,
    index: PassageIndex,
    digest: String,
}

impl KnowledgeBase {
    /// Makes documents searchable. They are put in the order of their names.
    ///
    /// # Errors
    /// [`EngineError`] where the mathematics of the index fails.
    pub fn of(mut entries: Vec<DocumentEntry>, encoders: &[Arc<dyn Encoder>]) -> Result<Self, EngineError> {
        entries.sort_by(|a, b| a.document.id.cmp(&b.document.id));
        let all = entries.iter().enumerate();
        let places: Vec<(usize, usize)> =
            all.flat_map(|(at, entry)| (0..entry.passages.len()).map(move |passage| (at, passage))).collect();
        let headings: Vec<String> = places
            .iter()
            .map(|(at, passage)| entries[*at].passages[*passage].heading(&entries[*at].document.title))
            .collect();
        let searched: Vec<Searched<'_>> = places
            .iter()
            .zip(&headings)
            .map(|((at, passage), heading)| {
                let (entry, document) = (&entries[*at], u32::try_from(*at).unwrap_or(u32::MAX));
                let Passage { is_pair, text, .. } = &entry.passages[*passage];
                Searched { document, heading, is_pair: *is_pair, text, language: entry.document.language.as_deref() }
            })
            .collect();
        let index = PassageIndex::of(&searched, encoders)?;
        let named = |entry: &DocumentEntry| format!("{}@{}", entry.document.id, entry.version);
        let digest = primitives::stable_hash(&entries.iter().map(named).collect::<Vec<_>>().join("\n"));
        Ok(Self { entries, places, index, digest: format!("{digest:016x}") })
    }

    /// The documents, by name.
    #[must_use]
    pub fn entries(&self) -> &[DocumentEntry] {
        &self.entries
    }

    /// A document by its name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&DocumentEntry> {
        let found = self.entries.binary_search_by(|entry| entry.document.id.as_str().cmp(id)).ok()?;
        self.entries.get(found)
    }

    /// How many passages are searched.
    #[must_use]
    pub fn n_passages(&self) -> usize {
        self.places.len()
    }

    /// How many questions that were made of the passages told how far they may be trusted.
    #[must_use]
    pub fn n_self_made(&self) -> usize {
        self.index.trust().n_questions
    }

    /// The passages that answer a question, best first, and how likely the first one does.
    #[must_use]
    pub fn find(&self, question: &str, language: Option<&str>, n_max: usize) -> (Vec<Quote>, f64) {
        let found = self.index.find(question, n_max, language);
        let quote = |passage: &models::text::Passage| {
            let (at, number) = self.places.get(passage.passage)?;
            let entry = self.entries.get(*at)?;
            let (document, text) = (&entry.document, entry.passages.get(*number)?);
            Some(Quote {
                id: format!("{}#{}", document.id, number + 1),
                document: document.id.clone(),
                version: entry.version,
                title: text.title(&document.title),
                source: document.source.clone(),
                text: text.text.clone(),
                language: document.language.clone(),
                score: passage.score,
            })
        };
        (found.passages.iter().filter_map(quote).collect(), found.confidence)
    }
}

impl Engine {
    /// With what else says what texts mean, from before the first question on; what comes later has no effect.
    pub fn encode_documents_by(&self, encoders: Vec<Arc<dyn Encoder>>) {
        // Whoever was first has been heard.
        let _ = self.documents.encoders.set(encoders);
    }

    /// What is written down for customers, as it is in force.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be read.
    pub fn knowledge_base(&self) -> Result<Arc<KnowledgeBase>, EngineError> {
        if let Some(base) = self.documents.in_force.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(base));
        }
        let _one_at_a_time = self.documents.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = self.documents.in_force.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(base));
        }
        self.read_documents()
    }

    /// Saves documents and removes others, all or nothing. What is saved as it is there already changes nothing. Answers how many were
    /// new, changed and removed.
    ///
    /// # Errors
    /// [`EngineError`] of kind `Invalid` where one cannot be kept, or there would be too many; where it cannot be stored.
    pub fn change_documents(&self, saved: &[Document], removed: &[String]) -> Result<[u64; 3], EngineError> {
        let before = self.knowledge_base()?;
        let _one_at_a_time = self.documents.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = BTreeSet::new();
        for document in saved {
            let invalid = |why: String| {
                EngineError::new(ErrorKind::Invalid, format!("document {:.80}: {why}", visible(&document.id)))
            };
            document.check().map_err(invalid)?;
            if !names.insert(document.id.as_str()) {
                return Err(EngineError::new(
                    ErrorKind::Invalid,
                    format!("document {} is given twice: give it once", document.id),
                ));
            }
        }
        let is_new = |document: &&Document| before.get(&document.id).is_none_or(|there| there.document != **document);
        let changed: Vec<&Document> = saved.iter().filter(is_new).collect();
        let gone: BTreeSet<&String> =
            removed.iter().filter(|id| before.get(id).is_some() && !names.contains(id.as_str())).collect();
        let n_new = changed.iter().filter(|document| before.get(&document.id).is_none()).count();
        let n_after = before.entries.len() + n_new - gone.len();
        let stays =
            |entry: &&DocumentEntry| !gone.contains(&entry.document.id) && !names.contains(entry.document.id.as_str());
        let n_bytes = before.entries.iter().filter(stays).map(|entry| entry.document.bytes()).sum::<usize>()
            + saved.iter().map(Document::bytes).sum::<usize>();
        if n_after > N_DOCUMENTS_MAX || n_bytes > ALL_BYTES_MAX {
            let message = format!(
                "the knowledge base would have {n_after} documents of {n_bytes} bytes: keep {N_DOCUMENTS_MAX} of {ALL_BYTES_MAX} \
                 bytes at the most, and remove what nobody asks for"
            );
            return Err(EngineError::new(ErrorKind::Invalid, message));
        }
        let counts = [n_new, changed.len() - n_new, gone.len()].map(|n| n as u64);
        if counts == [0; 3] {
            return Ok(counts);
        }
        let record =
            |document: &&Document| Ok((document.id.clone(), serde_json::to_string(document).map_err(unwritable)?));
        let saved = changed.iter().map(record).collect::<Result<Vec<_>, EngineError>>()?;
        let removed = gone.into_iter().cloned().collect();
        self.ports.documents.change(&DocumentChange { at: self.clock.now(), saved, removed })?;
        self.read_documents()?;
        Ok(counts)
    }

    /// The versions of a document that are kept, the newest first; `None` where it was removed then.
    ///
    /// # Errors
    /// [`EngineError`] where they cannot be read.
    pub fn document_versions(&self, id: &str) -> Result<Vec<(u64, Timestamp, Option<Document>)>, EngineError> {
        let open = |saved: SavedDocument| {
            let document = if saved.record.is_empty() { None } else { Some(opened(&saved)?) };
            Ok((saved.version, saved.saved_at, document))
        };
        self.ports.documents.versions(id)?.into_iter().map(open).collect()
    }

    /// What the knowledge base says to a question.
    pub(super) fn retrieved(&self, question: &str, language: Option<&str>) -> Result<Retrieved, EngineError> {
        let base = self.knowledge_base()?;
        let (passages, confidence) = base.find(question, language, N_PASSAGES);
        let answering = self.capabilities.answering.clone();
        Ok(Retrieved { knowledge: base.digest.clone(), passages, confidence, answering })
    }

    /// Reads all anew and puts it in force. What was cut and is the same is cut no more.
    fn read_documents(&self) -> Result<Arc<KnowledgeBase>, EngineError> {
        let before = self.documents.in_force.read().unwrap_or_else(PoisonError::into_inner).clone();
        let known: BTreeMap<(&str, u64), &DocumentEntry> = before
            .iter()
            .flat_map(|base| &base.entries)
            .map(|entry| ((entry.document.id.as_str(), entry.version), entry))
            .collect();
        let entry = |saved: SavedDocument| {
            if let Some(entry) = known.get(&(saved.id.as_str(), saved.version)) {
                return Some((*entry).clone());
            }
            // What is damaged is told, and keeps nothing else from being found.
            let document = opened(&saved).inspect_err(|error| tracing::warn!("{error}")).ok()?;
            let passages = passages(&document);
            Some(DocumentEntry { document, version: saved.version, saved_at: saved.saved_at, passages })
        };
        let entries = self.ports.documents.documents()?.into_iter().filter_map(entry).collect();
        let encoders = self.documents.encoders.get().map_or(&[][..], Vec::as_slice);
        let base = Arc::new(KnowledgeBase::of(entries, encoders)?);
        *self.documents.in_force.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&base));
        Ok(base)
    }
}

fn opened(saved: &SavedDocument) -> Result<Document, EngineError> {
    serde_json::from_str(&saved.record).map_err(|error| {
        let message = format!(
            "the document {} cannot be read: save it again, or use the program that wrote it: {error}",
            visible(&saved.id)
        );
        EngineError::new(ErrorKind::Corrupt, message)
    })
}

fn unwritable(error: serde_json::Error) -> EngineError {
    EngineError::new(ErrorKind::Internal, format!("a document cannot be written: {error}"))
}

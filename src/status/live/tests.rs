//! The live page of runs that are well, in trouble, and handed hostile texts.

//! Which customers would a test or a demonstration see? A seeded world of shops, tastes and habits.

"""Three generators as their papers have them, to learn with and to compare against: plain, conditional, progressive."""

"""The two engines that carry plans out: Pulumi's, and luxops' own that needs no state."""

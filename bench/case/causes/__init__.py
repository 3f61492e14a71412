"""Why a case takes as long as it does: its calls, where its time goes, its operations. Nothing here is a timing."""

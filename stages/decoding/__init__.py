"""Training and predicting, fold by fold: what the stages of decoding share."""

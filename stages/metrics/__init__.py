"""What a decoded video or label is worth: SSIM, PSNR, identification, accuracy."""

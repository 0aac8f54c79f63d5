"""What an image has to be like before it may go anywhere: the rules of ``[policy]``, judged."""

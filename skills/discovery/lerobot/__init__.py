"""LeRobotDataset v3.0, read and written as the format's own library lays it out (checked against lerobot
0.6)."""

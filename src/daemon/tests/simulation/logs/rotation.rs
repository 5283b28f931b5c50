//! What becomes of the files: they are renamed, copied, compressed, taken away and brought back.

use super::*;

impl Logs {
    pub(in super::super) fn rotated_name(&mut self, log: usize) -> PathBuf {
        self.rotations += 1;
        let name = format!("app.log-20261130-{:06}", self.rotations);
        self.all[log].path.with_file_name(name)
    }

    fn has_rotated_to(&mut self, log: usize, path: PathBuf) {
        self.touched.extend([path.clone(), self.all[log].path.clone()]);
        let log = &mut self.all[log];
        log.rotated.push((path, std::mem::take(&mut log.live)));
        log.last_error = None;
    }

    pub(in super::super) fn rotate_by_rename(&mut self, log: usize) {
        self.finish_half(log);
        let name = self.rotated_name(log);
        fs::rename(&self.all[log].path, &name).unwrap();
        self.all[log].writer = append(&self.all[log].path);
        self.has_rotated_to(log, name);
        self.count("rotation by renaming");
    }

    pub(in super::super) fn rotate_by_copy(&mut self, log: usize) {
        self.finish_half(log);
        let name = self.rotated_name(log);
        self.copy_part(log, &name, false);
        self.empty_behind_copy(log, name);
    }

    /// Copies the live file, or the first part of it.
    pub(in super::super) fn copy_part(&mut self, log: usize, name: &Path, is_half: bool) {
        let mut text = fs::read(&self.all[log].path).unwrap();
        if is_half {
            text.truncate(text.len() / 2);
        }
        // Who copies goes on in the file that he began.
        let mut copy = OpenOptions::new().write(true).create(true).truncate(false).open(name);
        copy.as_mut().unwrap().write_all(&text).unwrap();
    }

    pub(in super::super) fn empty_behind_copy(&mut self, log: usize, name: PathBuf) {
        self.all[log].writer.set_len(0).unwrap();
        self.has_rotated_to(log, name);
        self.count("rotation by copying and emptying");
    }

    fn archive_of(&self, log: usize) -> PathBuf {
        let folder = self.all[log].path.parent().unwrap();
        folder.with_file_name(format!("{}-archive", self.all[log].source))
    }

    /// The oldest rotated file goes where nobody looks.
    pub(in super::super) fn archive(&mut self, log: usize) {
        let (path, lines) = self.all[log].rotated.remove(0);
        let archive = self.archive_of(log);
        fs::create_dir_all(&archive).unwrap();
        fs::rename(&path, archive.join(path.file_name().unwrap())).unwrap();
        self.touched.push(path.clone());
        self.all[log].archived = Some((path, lines));
        self.count("archived file");
    }

    /// It comes back to its name.
    pub(in super::super) fn bring_back(&mut self, log: usize, is_touched: bool) {
        let Some((path, lines)) = self.all[log].archived.take() else { return };
        fs::rename(self.archive_of(log).join(path.file_name().unwrap()), &path).unwrap();
        if is_touched {
            let file = OpenOptions::new().append(true).open(&path).unwrap();
            let now = tempfile::tempfile().unwrap().metadata().unwrap().modified().unwrap();
            file.set_modified(now).unwrap();
        }
        self.touched.push(path.clone());
        self.all[log].rotated.insert(0, (path, lines));
        self.count("archived file that came back");
    }

    pub(in super::super) fn compress(&mut self, log: usize) {
        let Some((path, _)) = self.all[log].rotated.last().cloned() else { return };
        if path.extension().is_some_and(|ending| ending == "gz") || !path.exists() {
            return;
        }
        let packed = PathBuf::from(format!("{}.gz", path.display()));
        let file = File::create(&packed).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(&fs::read(&path).unwrap()).unwrap();
        encoder.finish().unwrap();
        self.remove(&path);
        self.touched.push(packed.clone());
        if let Some(last) = self.all[log].rotated.last_mut() {
            last.0 = packed;
        }
        self.count("compression");
    }

    fn remove(&mut self, path: &Path) {
        self.graves.push(File::open(path).unwrap());
        fs::remove_file(path).unwrap();
        self.touched.push(path.to_owned());
    }

    pub(in super::super) fn delete_oldest(&mut self, log: usize) {
        if self.all[log].rotated.is_empty() {
            return;
        }
        let (path, lines) = self.all[log].rotated.remove(0);
        self.remove(&path);
        self.endanger(&lines);
        self.count("deletion of a rotated file");
    }

    pub(in super::super) fn empty(&mut self, log: usize) {
        self.finish_half(log);
        self.all[log].writer.set_len(0).unwrap();
        self.touched.push(self.all[log].path.clone());
        let lines = std::mem::take(&mut self.all[log].live);
        self.all[log].last_error = None;
        self.endanger(&lines);
        self.count("emptying");
    }

    pub(in super::super) fn delete_and_make(&mut self, log: usize) {
        self.finish_half(log);
        let path = self.all[log].path.clone();
        self.remove(&path);
        self.all[log].writer = append(&path);
        let lines = std::mem::take(&mut self.all[log].live);
        self.all[log].last_error = None;
        self.endanger(&lines);
        self.count("deletion of a live file");
    }

    /// The live file goes elsewhere, and a link to it takes its place; or back.
    pub(in super::super) fn link(&mut self, log: usize) {
        let path = self.all[log].path.clone();
        let target = path.with_file_name("target");
        if path.is_symlink() {
            fs::remove_file(&path).unwrap();
            fs::rename(&target, &path).unwrap();
        } else {
            fs::rename(&path, &target).unwrap();
            std::os::unix::fs::symlink(&target, &path).unwrap();
        }
        self.touched.extend([path, target]);
        self.count("symbolic link");
    }

    pub(in super::super) fn is_linked(&self, log: usize) -> bool {
        self.all[log].path.is_symlink()
    }

    /// The directory of a log goes away, or comes back.
    pub(in super::super) fn move_directory(&mut self, log: usize) {
        let folder = self.all[log].path.parent().unwrap().to_owned();
        let away = folder.with_file_name(format!("{}-away", self.all[log].source));
        if away.exists() {
            fs::rename(&away, &folder).unwrap();
            self.all[log].last_error = None;
        } else {
            fs::rename(&folder, &away).unwrap();
            self.all[log].was_away = true;
            self.count("directory away");
        }
        self.touched.push(folder);
    }

    pub(in super::super) fn is_away(&self, log: usize) -> bool {
        !self.all[log].path.parent().is_some_and(Path::exists)
    }
}

use super::*;
use crate::{sqlite::fault::Constraint, statement::query};
use std::{panic::resume_unwind, sync::mpsc::channel};
use tokio::task::JoinSet;

fn start() -> (Arc<Writing>, Writer) {
    let connection = Connection::open_in_memory().expect("memory opens");
    let made = connection.execute_batch("CREATE TABLE things (name TEXT PRIMARY KEY) STRICT");
    made.expect("it is made");
    let writing = Arc::new(Writing::new(connection));
    let writer = Writer::start(Arc::clone(&writing), None).expect("a thread");
    (writing, writer)
}

fn names(writing: &Writing) -> Vec<String> {
    let connection = writing.lock();
    let connection = connection.as_ref().expect("it is open");
    let names = "SELECT group_concat(name, ' ' ORDER BY name) FROM things";
    let names = connection.query_row(names, [], |row| row.get::<_, Option<String>>(0));
    let names = names.expect("it reads").unwrap_or_default();
    names.split_whitespace().map(str::to_owned).collect()
}

fn insert(name: &str) -> Statement {
    query("INSERT INTO things (name) VALUES (?1)").bind(name)
}

/// Keeps the writer busy until all of `crowd` wait for it, so that they are one batch.
async fn as_one_batch<T: Send + 'static>(
    writer: &Writer,
    crowd: Vec<impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let (started, is_started) = oneshot::channel();
    let (release, released) = channel::<()>();
    let busy = writer.clone();
    let busy = tokio::spawn(async move {
        let work = move |_: &Connection| {
            let told = started.send(());
            told.expect("somebody waits for it");
            // It comes, or whoever holds it has failed.
            let _ = released.recv();
            Ok(())
        };
        busy.alone(None, work).await
    });
    is_started.await.expect("it starts");
    let mut tasks = Vec::new();
    for act in crowd {
        tasks.push(tokio::spawn(act));
        // On one thread: it comes back when the job waits.
        tokio::task::yield_now().await;
    }
    release.send(()).expect("it waits");
    busy.await.expect("it ends").expect("it is done");
    let mut came = Vec::new();
    for task in tasks {
        came.push(task.await.expect("it ends"));
    }
    came
}

async fn write(writer: Writer, statement: Statement) -> Result<u64, Arc<Fault>> {
    writer.write(statement).await.map(|written| written.changed)
}

#[tokio::test]
async fn a_statement_that_breaks_a_constraint_fails_alone() {
    let (writing, writer) = start();
    let crowd = ["a", "b", "a", "c"].map(|name| write(writer.clone(), insert(name)));
    let came = as_one_batch(&writer, crowd.into()).await;
    for (came, expected) in came.into_iter().zip([true, true, false, true]) {
        match came {
            Ok(changed) => assert!(expected && changed == 1),
            Err(fault) => {
                assert!(!expected, "{fault}");
                assert_eq!(fault.constraint(), Some(Constraint::Unique), "{fault}");
            }
        }
    }
    assert_eq!(names(&writing), ["a", "b", "c"]);
}

#[tokio::test]
async fn any_other_error_takes_the_batch_with_it_and_nothing_after() {
    let (writing, writer) = start();
    let wrong = query("INSERT INTO nowhere (name) VALUES (?1)").bind("b");
    let crowd = [insert("a"), wrong, insert("c")].map(|it| write(writer.clone(), it));
    for came in as_one_batch(&writer, crowd.into()).await {
        let fault = came.expect_err("it is lost").to_string();
        assert!(fault.contains("no such table"), "{fault}");
    }
    assert!(names(&writing).is_empty());
    let written = write(writer.clone(), insert("d")).await;
    assert_eq!(written.expect("it is written"), 1);
    assert_eq!(names(&writing), ["d"]);
}

#[tokio::test]
async fn work_that_refuses_is_undone_alone() {
    let (writing, writer) = start();
    let act = |names: [&'static str; 2], refuses: bool| {
        let writer = writer.clone();
        async move {
            let work = move |connection: &Connection| {
                for name in names {
                    let written = insert(name).run(connection);
                    written.map_err(crate::sqlite::database)?;
                }
                if refuses {
                    return Err(StoreError::Conflict("no".into()));
                }
                Ok(names.len())
            };
            writer.together(work).await
        }
    };
    let crowd = vec![
        act(["a", "b"], false),
        act(["c", "d"], true),
        act(["e", "f"], false),
        act(["g", "a"], false),
    ];
    let came = as_one_batch(&writer, crowd).await;
    assert!(
        matches!(came[0], Ok(2)) && matches!(came[2], Ok(2)),
        "{came:?}"
    );
    assert!(matches!(came[1], Err(StoreError::Conflict(_))), "{came:?}");
    assert!(matches!(came[3], Err(StoreError::Database(_))), "{came:?}");
    assert_eq!(names(&writing), ["a", "b", "e", "f"]);
}

#[tokio::test]
async fn work_alone_that_refuses_leaves_nothing() {
    let (writing, writer) = start();
    let work = |connection: &Connection| {
        insert("a")
            .run(connection)
            .map_err(crate::sqlite::database)?;
        Err::<(), _>(StoreError::Conflict("no".into()))
    };
    let refused = writer.alone(None, work).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    assert!(names(&writing).is_empty());
}

#[tokio::test]
async fn work_that_panics_ends_nothing_but_itself() {
    let (writing, writer) = start();
    let work = |connection: &Connection| -> Result<(), StoreError> {
        insert("a")
            .run(connection)
            .map_err(crate::sqlite::database)?;
        resume_unwind(Box::new("in a test"))
    };
    let lost = writer.together(work).await;
    assert!(matches!(lost, Err(StoreError::Database(_))), "{lost:?}");
    let written = write(writer.clone(), insert("b")).await;
    assert_eq!(written.expect("it is written"), 1);
    assert_eq!(names(&writing), ["b"]);
}

#[tokio::test]
async fn more_than_a_batch_is_written_whole() {
    let (writing, writer) = start();
    let mut crowd = JoinSet::new();
    for number in 0..3 * BATCH_MAX {
        crowd.spawn(write(writer.clone(), insert(&number.to_string())));
    }
    let came = crowd.join_all().await;
    assert!(came.iter().all(|it| matches!(it, Ok(1))), "{came:?}");
    assert_eq!(names(&writing).len(), 3 * BATCH_MAX);
}

#[tokio::test]
async fn a_closed_writer_says_so() {
    let (_, writer) = start();
    writer.close().await;
    writer.close().await;
    let fault = write(writer, insert("a")).await.expect_err("it is closed");
    assert!(matches!(*fault, Fault::Closed), "{fault}");
}
